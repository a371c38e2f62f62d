-- Erasures that something beside the store still owes, such as a journal whose disk was away.

CREATE TABLE owed (
    keeper   text COLLATE "C" NOT NULL,
    customer text COLLATE "C" NOT NULL,
    PRIMARY KEY (keeper, customer)
);
COMMENT ON TABLE owed IS 'Whom something beside the store has still to forget, by its name; a row goes once that is done';
