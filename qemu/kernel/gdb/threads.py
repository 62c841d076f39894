"""The test kernel's threads for the debugger's script (src/gdb/tsd.py, which comes first): those that are not free, by
number and name, as the kernel's own report has them."""

import tsd_gdb.place
import tsd_gdb.threads
from tsd_gdb.target import evaluate

CORE = "tsd_kernel::core"


def threads():
    records = evaluate(f"{CORE}::scheduler::locked::SCHEDULER")["data"]["value"]["table"]["records"]
    blocks = evaluate(f"{CORE}::scheduler::control_block::THREADS")
    for index in range(records.type.range()[1] + 1):
        record = records[index]
        if "Free" not in str(record["state"]):
            name = record["options"]["name"]
            yield f'{index} "{name["data_ptr"].string(length=int(name["length"]))}"', blocks[index]


tsd_gdb.place.chosen = f"{CORE}::port::SPACE"
tsd_gdb.threads.hook = threads
