-- The books. Instants are whole milliseconds since 1970 UTC, dates are ISO text in the program zone, points are integers.

CREATE TABLE program (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    organization_id TEXT NOT NULL,
    publishable_key TEXT NOT NULL,
    name TEXT NOT NULL,
    mode TEXT NOT NULL,
    currency TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    facts TEXT NOT NULL,
    sandbox_now INTEGER,
    daily_run_through TEXT,
    daily_run_at INTEGER,
    -- The last proof of the books as JSON: `at` (ms), `entries`, `right` (whether there was no difference).
    verified TEXT,
    revision INTEGER NOT NULL,
    -- New at every change, so that what was read under it can be kept: two copies of a file may share a revision.
    stamp BLOB NOT NULL
) STRICT;

-- One row a change of the loyalty settings, event points or reasons; the newest of a kind is in force (E4, J1).
CREATE TABLE configuration (
    id INTEGER PRIMARY KEY,
    program_id INTEGER NOT NULL REFERENCES program (id),
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    revision INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    actor TEXT NOT NULL
) STRICT;
CREATE INDEX configuration_newest ON configuration (program_id, kind, id);

-- When the program was paused (C7, E6).
CREATE TABLE pause (
    id INTEGER PRIMARY KEY,
    program_id INTEGER NOT NULL REFERENCES program (id),
    since INTEGER NOT NULL,
    until INTEGER
) STRICT;

-- When the program moved to another time zone, and the zone that it left (C15).
CREATE TABLE zone_move (
    id INTEGER PRIMARY KEY,
    program_id INTEGER NOT NULL REFERENCES program (id),
    moved_at INTEGER NOT NULL,
    zone_left TEXT NOT NULL
) STRICT;

-- When expiry by inactivity was in force, with the length it had (C7, C8).
CREATE TABLE inactivity_period (
    number INTEGER PRIMARY KEY,
    program_id INTEGER NOT NULL REFERENCES program (id),
    since INTEGER NOT NULL,
    until INTEGER,
    length INTEGER NOT NULL,
    unit TEXT NOT NULL,
    zone TEXT NOT NULL,
    stamps INTEGER NOT NULL
) STRICT;

CREATE TABLE customer (
    id INTEGER PRIMARY KEY,
    uid BLOB NOT NULL UNIQUE,
    external_id TEXT,
    email TEXT,
    email_key TEXT,
    phone TEXT,
    phone_key TEXT,
    member_code TEXT,
    name TEXT,
    name_key TEXT NOT NULL,
    status TEXT NOT NULL,
    birth_date TEXT,
    birth_date_set_at INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    updated_at INTEGER,
    updated_by TEXT,
    attributes TEXT NOT NULL,
    batch TEXT,
    revision INTEGER NOT NULL,
    -- What a search finds the customer by: each word of `token`, a line feed before it.
    words TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX customer_external_id ON customer (external_id) WHERE external_id IS NOT NULL;
CREATE UNIQUE INDEX customer_email ON customer (email_key) WHERE email_key IS NOT NULL;
CREATE UNIQUE INDEX customer_phone ON customer (phone_key) WHERE phone_key IS NOT NULL;
CREATE UNIQUE INDEX customer_member_code ON customer (member_code) WHERE member_code IS NOT NULL;
CREATE INDEX customer_name ON customer (name_key, id);
CREATE INDEX customer_created ON customer (created_at, id);
CREATE INDEX customer_status ON customer (name_key, id) WHERE status <> 'active';

-- Every prefix that finds a customer begins one of these words (S6.17).
CREATE TABLE token (
    word TEXT NOT NULL,
    name_key TEXT NOT NULL,
    customer_id INTEGER NOT NULL,
    PRIMARY KEY (word, name_key, customer_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    text TEXT NOT NULL,
    author TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;
CREATE INDEX note_customer ON note (customer_id, id);

-- One customer's points of one type. What is cached here can be rebuilt from the entries; `verify` does.
-- balance: left in usable lots less debt. due_at: when a lot next changes by itself. idle_on: the anchor of inactivity.
CREATE TABLE wallet (
    id INTEGER PRIMARY KEY,
    program_id INTEGER NOT NULL REFERENCES program (id),
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    point_type TEXT NOT NULL,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    balance INTEGER NOT NULL,
    pending INTEGER NOT NULL,
    reserved INTEGER NOT NULL,
    debt INTEGER NOT NULL,
    lifetime INTEGER NOT NULL,
    activity_at INTEGER,
    activity_on TEXT,
    refilled_on TEXT,
    idle_on TEXT,
    -- The last day that `active_gap` counts this wallet on.
    active_on TEXT,
    period INTEGER NOT NULL,
    due_at INTEGER,
    first_live_seq INTEGER NOT NULL,
    sealed_seq INTEGER NOT NULL,
    UNIQUE (customer_id, point_type)
) STRICT;
CREATE INDEX wallet_balance ON wallet (point_type, balance, customer_id);
CREATE INDEX wallet_lifetime ON wallet (point_type, lifetime, customer_id);
-- Who was never active stands before all others.
CREATE INDEX wallet_activity ON wallet (point_type, ifnull(activity_at, -9223372036854775807), customer_id);
CREATE INDEX wallet_due ON wallet (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX wallet_idle ON wallet (idle_on) WHERE idle_on IS NOT NULL;
CREATE INDEX wallet_unsealed ON wallet (id) WHERE seq > sealed_seq;

-- The ledger: append-only, chained per wallet.
CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    wallet_id INTEGER NOT NULL REFERENCES wallet (id),
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    points INTEGER NOT NULL,
    balance INTEGER NOT NULL,
    lifetime INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    local_date TEXT NOT NULL,
    last_usable_on TEXT,
    pending INTEGER NOT NULL,
    allocations TEXT NOT NULL,
    source TEXT NOT NULL,
    source_id TEXT,
    actor TEXT NOT NULL,
    batch TEXT,
    reason TEXT,
    undoes INTEGER,
    digest TEXT NOT NULL,
    hash BLOB NOT NULL,
    UNIQUE (wallet_id, seq)
) STRICT;
CREATE INDEX entry_batch ON entry (batch, id) WHERE batch IS NOT NULL;
CREATE UNIQUE INDEX entry_undone_once ON entry (wallet_id, undoes) WHERE undoes IS NOT NULL;
CREATE UNIQUE INDEX entry_reference ON entry (wallet_id, source_id) WHERE source = 'adjustment' AND source_id IS NOT NULL;
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'an entry is never changed'); END;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'an entry is never deleted'); END;

-- Free text of an entry, apart from it so that it can be erased; the entry keeps a salted digest (J4).
CREATE TABLE entry_text (
    entry_id INTEGER PRIMARY KEY REFERENCES entry (id),
    salt BLOB NOT NULL,
    note TEXT,
    customer_text TEXT
) STRICT;

CREATE TABLE lot (
    wallet_id INTEGER NOT NULL REFERENCES wallet (id),
    seq INTEGER NOT NULL,
    opened INTEGER NOT NULL,
    left INTEGER NOT NULL,
    reserved INTEGER NOT NULL,
    earned_on TEXT NOT NULL,
    earned_at INTEGER NOT NULL,
    last_usable_on TEXT,
    ends_at INTEGER,
    pending INTEGER NOT NULL,
    available_at INTEGER,
    exempt INTEGER NOT NULL,
    shared INTEGER NOT NULL,
    PRIMARY KEY (wallet_id, seq),
    CHECK (0 <= left AND left <= opened AND 0 <= reserved AND reserved <= left)
) STRICT, WITHOUT ROWID;
CREATE INDEX lot_expiring ON lot (last_usable_on) WHERE left > 0 AND last_usable_on IS NOT NULL;

-- Points owed since an entry, and what is left of it (D8).
CREATE TABLE debt (
    wallet_id INTEGER NOT NULL REFERENCES wallet (id),
    seq INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    left INTEGER NOT NULL,
    PRIMARY KEY (wallet_id, seq),
    CHECK (0 <= left AND left <= amount)
) STRICT, WITHOUT ROWID;
CREATE INDEX debt_open ON debt (wallet_id) WHERE left > 0;

-- Points set aside for a redemption that is not resolved yet (C6, D1).
CREATE TABLE reservation (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    wallet_id INTEGER NOT NULL REFERENCES wallet (id),
    points INTEGER NOT NULL,
    allocations TEXT NOT NULL,
    reserved_at INTEGER NOT NULL,
    times_out_at INTEGER NOT NULL,
    state TEXT NOT NULL,
    resolved_at INTEGER,
    entry_id INTEGER REFERENCES entry (id)
) STRICT;
CREATE INDEX reservation_open ON reservation (times_out_at) WHERE state = 'open';

-- What one event value or rule gave, with every step from wanted to applied, also where it gave nothing (S6.1).
CREATE TABLE award (
    id INTEGER PRIMARY KEY,
    wallet_id INTEGER NOT NULL REFERENCES wallet (id),
    source TEXT NOT NULL,
    source_id TEXT NOT NULL,
    code TEXT NOT NULL,
    wanted INTEGER NOT NULL,
    applied INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    local_date TEXT NOT NULL,
    entry_id INTEGER,
    outcome TEXT NOT NULL,
    reason TEXT,
    trace TEXT NOT NULL,
    -- Its entry's number in the wallet, or that of the last entry before it: where it stands in the history.
    seq INTEGER NOT NULL
) STRICT;
CREATE INDEX award_day ON award (wallet_id, local_date, applied);
CREATE INDEX award_entry ON award (entry_id) WHERE entry_id IS NOT NULL;

CREATE INDEX award_zero ON award (wallet_id, seq, id) WHERE applied = 0;

-- Adjustments that met a limit: what was asked, each limit with its room, what cut it, and the answer that was given.
CREATE TABLE limited_adjustment (
    id INTEGER PRIMARY KEY,
    wallet_id INTEGER NOT NULL REFERENCES wallet (id),
    reference TEXT,
    entry_id INTEGER UNIQUE REFERENCES entry (id),
    asked INTEGER NOT NULL,
    reason_code TEXT,
    cut TEXT,
    balance INTEGER NOT NULL,
    lifetime INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    trace TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX limited_adjustment_reference ON limited_adjustment (wallet_id, reference) WHERE reference IS NOT NULL;

CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    customer_id INTEGER REFERENCES customer (id),
    order_id TEXT,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    local_date TEXT NOT NULL,
    outcome TEXT NOT NULL,
    reason TEXT,
    award_id INTEGER REFERENCES award (id),
    properties TEXT,
    batch TEXT
) STRICT;
CREATE INDEX event_customer ON event (customer_id, id) WHERE customer_id IS NOT NULL;
CREATE UNIQUE INDEX event_purchase ON event (order_id) WHERE order_id IS NOT NULL AND outcome <> 'same_purchase';

-- Events that were refused and may be sent again (E9).
CREATE TABLE refused_event (
    id INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL,
    name TEXT NOT NULL,
    customer_uid TEXT,
    occurred_at INTEGER NOT NULL,
    refused_at INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;
CREATE INDEX refused_event_at ON refused_event (refused_at);

-- Roll-ups, kept in the posting's transaction, rebuilt by `verify`.
CREATE TABLE points_day (
    program_id INTEGER NOT NULL,
    point_type TEXT NOT NULL,
    local_date TEXT NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    entries INTEGER NOT NULL,
    credited INTEGER NOT NULL,
    debited INTEGER NOT NULL,
    PRIMARY KEY (program_id, point_type, local_date, kind, code)
) STRICT, WITHOUT ROWID;

CREATE TABLE event_day (
    program_id INTEGER NOT NULL,
    local_date TEXT NOT NULL,
    name TEXT NOT NULL,
    events INTEGER NOT NULL,
    points INTEGER NOT NULL,
    PRIMARY KEY (program_id, local_date, name)
) STRICT, WITHOUT ROWID;

-- What is left in live lots by their last usable date.
CREATE TABLE expiry_day (
    program_id INTEGER NOT NULL,
    point_type TEXT NOT NULL,
    last_usable_on TEXT NOT NULL,
    points INTEGER NOT NULL,
    PRIMARY KEY (program_id, point_type, last_usable_on)
) STRICT, WITHOUT ROWID;

-- What changes by itself at an instant: points whose hold ends (`held`), points in live lots whose end comes (`ends`).
CREATE TABLE points_due (
    program_id INTEGER NOT NULL,
    point_type TEXT NOT NULL,
    what TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    points INTEGER NOT NULL,
    PRIMARY KEY (program_id, point_type, what, at_ms)
) STRICT, WITHOUT ROWID;

-- Wallets active on a day, by the days since they were active before (−1: never): how many different ones were active
-- in [a, b] is the sum over its days of those whose gap reaches behind a.
CREATE TABLE active_gap (
    program_id INTEGER NOT NULL,
    local_date TEXT NOT NULL,
    gap_days INTEGER NOT NULL,
    wallets INTEGER NOT NULL,
    PRIMARY KEY (program_id, local_date, gap_days)
) STRICT, WITHOUT ROWID;

CREATE TABLE request_key (
    key TEXT PRIMARY KEY,
    operation TEXT NOT NULL,
    digest BLOB NOT NULL,
    answer TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    recorded_at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    via TEXT NOT NULL,
    operation TEXT NOT NULL,
    target TEXT,
    summary TEXT NOT NULL,
    request_id TEXT
) STRICT;

CREATE TABLE seal (
    id INTEGER PRIMARY KEY,
    local_date TEXT NOT NULL,
    sealed_at INTEGER NOT NULL,
    wallets INTEGER NOT NULL,
    audit_from INTEGER NOT NULL,
    audit_through INTEGER NOT NULL,
    previous BLOB NOT NULL,
    hash BLOB
) STRICT;

CREATE TABLE sealed_head (
    seal_id INTEGER NOT NULL REFERENCES seal (id),
    wallet_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,
    PRIMARY KEY (seal_id, wallet_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE batch (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    rows INTEGER NOT NULL,
    points INTEGER NOT NULL,
    undone_by TEXT
) STRICT;

CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL,
    actor TEXT NOT NULL,
    role TEXT NOT NULL,
    via TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    -- Milliseconds of real time that were spent on it, and how much of `done` was done in them.
    worked_ms INTEGER NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER,
    errors INTEGER NOT NULL,
    first_errors TEXT NOT NULL,
    error_file TEXT,
    checkpoint TEXT,
    result TEXT,
    message TEXT,
    batch TEXT,
    cancel_asked INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER
) STRICT;
CREATE INDEX job_open ON job (state) WHERE state IN ('waiting', 'running');
CREATE INDEX job_unwell ON job (ended_at) WHERE state IN ('failed', 'interrupted');

CREATE TABLE file (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    purpose TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    complete INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE file_chunk (
    file_id INTEGER NOT NULL REFERENCES file (id),
    number INTEGER NOT NULL,
    bytes BLOB NOT NULL,
    PRIMARY KEY (file_id, number)
) STRICT;

CREATE TABLE api_key (
    id INTEGER PRIMARY KEY,
    uid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    prefix TEXT NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER
) STRICT;

CREATE TABLE customer_token (
    digest BLOB PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
