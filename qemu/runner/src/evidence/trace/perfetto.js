'use strict';

// Perfetto's trace processor, without its page: the worker's script and the WebAssembly that the page loads. It gets a
// trace, then queries, in the messages of `TraceProcessorRpc` in Perfetto's trace_processor.proto. Prints a JSON object:
// `rows`, a list for each query, whose cells must be text; or `error`, when the trace or a query is refused.
//
// node perfetto.js FOLDER TRACE QUERY...

const fs = require('node:fs');
const path = require('node:path');

// What is asked, and the numbers of fields.
const [APPEND, FINALIZE, QUERY] = [1, 2, 3];
const STREAM = { message: 1 };
const RPC = { request: 2, fatalError: 5, traceData: 101, queryArgs: 103, appended: 201, result: 203, finalized: 212 };
const QUERY_ARGS = { sql: 1 };
const APPENDED = { error: 2 };
const FINALIZED = { error: 1 };
const RESULT = { columns: 1, error: 2, batch: 3 };
const BATCH = { kinds: 1, texts: 5 };
const TEXT = 4;

function varint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) {
    bytes.push((number % 128) + 128);
  }
  return Buffer.from([...bytes, number]);
}

function field(number, content) {
  if (typeof content === 'number') {
    return Buffer.concat([varint(number * 8), varint(content)]);
  }
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content]);
}

/** What the fields of this number in a message hold. */
function all(message, wanted) {
  const found = [];
  let at = 0;
  const read = () => {
    let [number, unit] = [0, 1];
    for (; message[at] > 127; unit *= 128) {
      number += (message[at++] - 128) * unit;
    }
    return number + message[at++] * unit;
  };
  while (at < message.length) {
    const key = read();
    const kind = key % 8;
    const size = [0, 8, kind === 2 ? read() : 0, 0, 0, 4][kind];
    const content = kind === 0 ? read() : message.subarray(at, (at += size));
    if (Math.floor(key / 8) === wanted) {
      found.push(content);
    }
  }
  return found;
}

/** Loads the worker's script, which takes the folder for a server and this for a browser. */
function load(folder, onReply) {
  process.type = 'renderer';
  globalThis.self = globalThis;
  globalThis.WorkerGlobalScope = class {};
  globalThis.location = { href: 'file:///' };
  globalThis.XMLHttpRequest = class {
    open(_method, name) {
      this.name = path.basename(name);
    }
    send() {
      this.status = 200;
      this.response = fs.readFileSync(path.join(folder, this.name));
    }
  };
  // What it says of its progress is in nobody's way then.
  console.log = console.warn = console.error = () => {};
  (0, eval)(fs.readFileSync(path.join(folder, 'engine_bundle.js'), 'utf8'));
  const port = { postMessage: onReply };
  globalThis.onmessage({ data: port });
  return (request) => port.onmessage({ data: new Uint8Array(request) });
}

class Processor {
  constructor(folder) {
    this.replies = [];
    this.send = load(folder, (reply) => this.replies.push(Buffer.from(reply)));
  }

  /** Sends a request, and gives what the replies hold in the field of this number. */
  call(method, args, answer) {
    this.replies = [];
    this.send(field(STREAM.message, Buffer.concat([field(RPC.request, method), args])));
    const messages = all(Buffer.concat(this.replies), STREAM.message);
    for (const [error] of messages.map((message) => all(message, RPC.fatalError)).filter((errors) => errors.length)) {
      throw new Error(error.toString());
    }
    const answers = messages.flatMap((message) => all(message, answer));
    if (answers.length === 0) {
      throw new Error(`no answer to request ${method}`);
    }
    return answers;
  }

  open(trace) {
    refuse(this.call(APPEND, field(RPC.traceData, trace), RPC.appended), APPENDED.error);
    refuse(this.call(FINALIZE, Buffer.alloc(0), RPC.finalized), FINALIZED.error);
  }

  query(sql) {
    const args = field(RPC.queryArgs, field(QUERY_ARGS.sql, Buffer.from(sql)));
    const results = this.call(QUERY, args, RPC.result);
    refuse(results, RESULT.error);
    const width = results.flatMap((result) => all(result, RESULT.columns)).length;
    const cells = results.flatMap((result) => all(result, RESULT.batch)).flatMap(texts);
    return Array.from({ length: cells.length / width }, (_, row) => cells.slice(row * width, (row + 1) * width));
  }
}

/** The cells of a batch. */
function texts(batch) {
  const kinds = [...Buffer.concat(all(batch, BATCH.kinds))];
  if (kinds.some((kind) => kind !== TEXT)) {
    throw new Error('a query gives what is no text');
  }
  // Each ends in a zero.
  return Buffer.concat(all(batch, BATCH.texts)).toString().split('\0').slice(0, kinds.length);
}

function refuse(answers, error) {
  for (const text of answers.flatMap((answer) => all(answer, error))) {
    throw new Error(text.toString());
  }
}

async function main([folder, trace, ...queries]) {
  const processor = new Processor(folder);
  // The worker has something to finish.
  await new Promise(setImmediate);
  try {
    processor.open(fs.readFileSync(trace));
    return { rows: queries.map((sql) => processor.query(sql)) };
  } catch (error) {
    return { error: error.message };
  }
}

main(process.argv.slice(2)).then((answer) => process.stdout.write(JSON.stringify(answer)));
