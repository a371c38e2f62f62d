-- Room under strict caps: it counts before ends_us; reserved_us is NULL once it was used.

CREATE TABLE strict (
    unit        text COLLATE "C" PRIMARY KEY,
    cap         text COLLATE "C" NOT NULL,
    value       text COLLATE "C" NOT NULL,
    per         text COLLATE "C" NOT NULL,
    subject     text COLLATE "C" NOT NULL,
    reserved_us bigint,
    leaves_us   bigint NOT NULL,
    ends_us     bigint NOT NULL
);
CREATE INDEX strict_subject ON strict (subject, cap, value, per);
COMMENT ON TABLE strict IS 'What all edges together have reserved and used under strict caps';
