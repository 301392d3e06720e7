-- Customers, each e-mail and each phone of one of them.

CREATE TABLE customer (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    fields jsonb NOT NULL
);

CREATE TABLE contact (
    kind     text   NOT NULL,
    value    text   NOT NULL,
    customer bigint NOT NULL REFERENCES customer,
    PRIMARY KEY (kind, value)
);

-- What PostgreSQL promises of points: a balance that is never negative, entries in
-- their sequence, each with a hash over the one before, a request once by its key, a
-- reference once. One call of add_points is one transaction.

CREATE TABLE account (
    id      bigint PRIMARY KEY,
    balance bigint NOT NULL CHECK (balance >= 0),
    version bigint NOT NULL,
    head    bytea  NOT NULL
);

CREATE TABLE entry (
    account bigint      NOT NULL REFERENCES account,
    version bigint      NOT NULL,
    points  bigint      NOT NULL,
    balance bigint      NOT NULL,
    reason  text        NOT NULL,
    ref_id  text        NOT NULL,
    at      timestamptz NOT NULL,
    hash    bytea       NOT NULL,
    PRIMARY KEY (account, version)
);
CREATE UNIQUE INDEX entry_ref ON entry (ref_id) WHERE ref_id <> '';

CREATE TABLE request (
    account bigint      NOT NULL,
    key     text        NOT NULL,
    points  bigint      NOT NULL,
    reason  text        NOT NULL,
    ref_id  text        NOT NULL,
    balance bigint      NOT NULL, -- what was answered
    ends    timestamptz NOT NULL,
    PRIMARY KEY (account, key)
);

CREATE FUNCTION add_points(of bigint, sum bigint, why text, ref text, request_key text) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    a      account;
    r      request;
    moment timestamptz := clock_timestamp();
    digest bytea;
BEGIN
    SELECT * INTO STRICT a FROM account WHERE id = of FOR UPDATE;
    SELECT * INTO r FROM request WHERE account = of AND key = request_key;
    IF FOUND THEN
        IF (r.points, r.reason, r.ref_id) IS DISTINCT FROM (sum, why, ref) THEN
            RAISE EXCEPTION 'the key came with another request';
        END IF;
        RETURN r.balance;
    END IF;
    digest := sha256(a.head || convert_to(concat_ws('/', of, a.version + 1, sum, a.balance + sum, why, ref, moment), 'UTF8'));
    INSERT INTO entry VALUES (of, a.version + 1, sum, a.balance + sum, why, ref, moment, digest);
    INSERT INTO request VALUES (of, request_key, sum, why, ref, a.balance + sum, moment + interval '30 days');
    UPDATE account SET balance = a.balance + sum, version = a.version + 1, head = digest WHERE id = of;
    RETURN a.balance + sum;
END $$;

CREATE FUNCTION upsert(mail text, phone text, given jsonb) RETURNS bigint
LANGUAGE plpgsql AS $$
DECLARE
    found_id bigint;
BEGIN
    SELECT customer INTO found_id FROM contact WHERE kind = 'email' AND value = mail;
    IF FOUND THEN
        UPDATE customer SET fields = fields || given WHERE id = found_id;
    ELSE
        INSERT INTO customer (fields) VALUES (given) RETURNING id INTO found_id;
        INSERT INTO contact VALUES ('email', mail, found_id);
        INSERT INTO account VALUES (found_id, 0, 0, '');
    END IF;
    INSERT INTO contact VALUES ('phone', phone, found_id)
    ON CONFLICT (kind, value) DO UPDATE SET customer = contact.customer WHERE contact.customer = excluded.customer;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the phone is of another customer';
    END IF;
    RETURN found_id;
END $$;
