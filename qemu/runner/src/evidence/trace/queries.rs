//! What Perfetto is asked. All cells are text.

/// Something that a trace must not have.
#[derive(Debug)]
pub(super) struct Check {
    pub(super) fault: &'static str,
    /// Finds it; the rows are for reading. [`EVENTS`] stands before it.
    sql: &'static str,
    /// Events that have it.
    pub(super) example: &'static [&'static str],
}

impl Check {
    pub(super) fn query(&self) -> String {
        format!("{EVENTS} {}", self.sql)
    }
}

/// Slices and instants with their tracks' and machines' names.
const EVENTS: &str = "WITH event AS (SELECT slice.*, slice.ts + slice.dur AS ends, thread.name AS track, \
    process.pid AS pid, process.name AS machine \
    FROM slice JOIN thread_track ON slice.track_id = thread_track.id JOIN thread USING (utid) \
    LEFT JOIN process USING (upid))";

/// Those of the tracks that the examples use.
pub(super) const NAMES: [&str; 3] = [
    r#"{"ph":"M","name":"process_name","pid":1,"args":{"name":"machine"}}"#,
    r#"{"ph":"M","name":"thread_name","pid":1,"tid":100,"args":{"name":"CPU 0"}}"#,
    r#"{"ph":"M","name":"thread_name","pid":1,"tid":101,"args":{"name":"CPU 1"}}"#,
];

pub(super) const CHECKS: &[Check] = &[
    Check {
        fault: "Perfetto counts an error or a loss",
        sql: "SELECT name, CAST(value AS TEXT) FROM stats WHERE severity <> 'info' AND value <> 0",
        // Slices that overlap.
        example: &[
            r#"{"ph":"B","name":"a","cat":"run","pid":1,"tid":100,"ts":1}"#,
            r#"{"ph":"B","name":"b","cat":"run","pid":1,"tid":100,"ts":2}"#,
            r#"{"ph":"E","name":"a","cat":"run","pid":1,"tid":100,"ts":3}"#,
            r#"{"ph":"E","name":"b","cat":"run","pid":1,"tid":100,"ts":4}"#,
        ],
    },
    Check {
        fault: "a slice has no end",
        sql: "SELECT track, name, CAST(ts AS TEXT) FROM event WHERE dur < 0",
        example: &[r#"{"ph":"B","name":"a","cat":"run","pid":1,"tid":100,"ts":1}"#],
    },
    Check {
        fault: "a track or its machine has no name",
        sql: "SELECT COALESCE(track, 'no name'), COALESCE(machine, 'no name'), name FROM event \
              WHERE track IS NULL OR machine IS NULL",
        example: &[r#"{"ph":"X","name":"a","cat":"run","pid":1,"tid":102,"ts":1,"dur":1}"#],
    },
    Check {
        fault: "a slice lies in what it should not",
        sql: "SELECT event.track, event.name, COALESCE(outer.name, 'nothing') FROM event \
              LEFT JOIN slice AS outer ON event.parent_id = outer.id \
              WHERE COALESCE(outer.category, '') <> CASE event.category WHEN 'destructor' THEN 'round' \
              WHEN 'round' THEN 'exit' WHEN 'exit' THEN 'thread' WHEN 'run' THEN '' WHEN 'thread' THEN '' \
              ELSE COALESCE(outer.category, '') END",
        example: &[r#"{"ph":"X","name":"log","cat":"destructor","pid":1,"tid":100,"ts":1,"dur":1}"#],
    },
    Check {
        fault: "a thread runs on two CPUs at once",
        sql: "SELECT machine, name, CAST(ts AS TEXT) FROM (SELECT *, LEAD(ts) OVER \
              (PARTITION BY pid, name ORDER BY ts) AS next FROM event WHERE category = 'run') WHERE next < ends",
        example: &[
            r#"{"ph":"X","name":"a","cat":"run","pid":1,"tid":100,"ts":1,"dur":3}"#,
            r#"{"ph":"X","name":"a","cat":"run","pid":1,"tid":101,"ts":2,"dur":3}"#,
        ],
    },
    Check {
        fault: "a flow leads elsewhere than from a thread's run to its next one on another CPU",
        sql: "SELECT source.machine, source.name, target.name FROM flow JOIN event AS source ON flow.slice_out = source.id \
              JOIN event AS target ON flow.slice_in = target.id \
              WHERE source.pid <> target.pid OR source.name <> target.name OR source.category <> 'run' \
              OR target.category <> 'run' OR source.track_id = target.track_id OR source.ends > target.ts",
        example: &[
            r#"{"ph":"X","name":"a","cat":"run","pid":1,"tid":100,"ts":1,"dur":3}"#,
            r#"{"ph":"s","name":"f","cat":"flow","id":1,"pid":1,"tid":100,"ts":2}"#,
            r#"{"ph":"X","name":"b","cat":"run","pid":1,"tid":101,"ts":4,"dur":3}"#,
            r#"{"ph":"f","name":"f","cat":"flow","id":1,"bp":"e","pid":1,"tid":101,"ts":5}"#,
        ],
    },
];

/// How many slices and flows there are; and of each machine and category, how many events, and on how many tracks.
pub(super) fn counts() -> [String; 2] {
    let of_workers_or_all = "track LIKE 'worker #%' OR category IN ('run', 'create', 'delete', 'left over')";
    [
        "SELECT CAST((SELECT COUNT(*) FROM slice) AS TEXT), CAST((SELECT COUNT(*) FROM flow) AS TEXT)".into(),
        format!(
            "{EVENTS} SELECT machine, COALESCE(category, ''), CAST(COUNT(*) AS TEXT), \
             CAST(COUNT(DISTINCT track_id) AS TEXT) FROM event WHERE {of_workers_or_all} GROUP BY pid, machine, category"
        ),
    ]
}
