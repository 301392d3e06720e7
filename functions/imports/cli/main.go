// Command cli is `make import`: it uploads a file to the bucket of `make run`, or with
// TARGET=aws to the deployed one, and watches its import until that has ended. With ID,
// CANCEL or UNDO it watches, cancels or undoes one.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	screen := &screen{out: os.Stdout, terminal: isTerminal(os.Stdout)}
	if err := run(ctx, os.Args[1:], os.Getenv, screen); err != nil {
		fmt.Fprintln(os.Stderr, "make import:", err)
		os.Exit(1)
	}
}

func isTerminal(f *os.File) bool {
	stat, err := f.Stat()
	return err == nil && stat.Mode()&os.ModeCharDevice != 0
}

const usage = `make import FILE=customers.csv TENANT=5 MATCHING=email
    uploads the file, and shows how far its import is until that has ended.
    FILE       .csv or .jsonl, also compressed as .csv.gz or .jsonl.gz
    TENANT     into which tenant
    MATCHING   how rows find their customers: email, phone, custom ... ; email where it is not given
    FIELD_NAME, RESOURCE_ID
               what some ways of matching need besides
    DRY_RUN=1  changes nothing, and says what would happen
    STOP_AFTER=100
               ends the import after so many rejected rows
    DELIMITER  comma, semicolon, tab or pipe, where the header does not tell
    CHARSET    such as windows-1251; UTF-8 where it is not given
    EMPTY=clear
               an empty cell clears its field; else it leaves it alone
    MAPPING    a file that names foreign columns and formats, or the name of one that was uploaded before
make import ID=...
    shows how far an import is.
make import CANCEL=...
    ends an import; what it did stays done.
make import UNDO=...
    takes back what an import has changed; with PLAN=1 says what that would do.

It speaks to the process of make run (PORT, S3_PORT), with TARGET=aws to the deployed function (FUNCTION_NAME); there
TOKEN must be a token with the scopes imports.read and imports.run. docs/imports.md says more.
`

func run(ctx context.Context, args []string, getenv func(string) string, s *screen) error {
	o, err := parse(args, getenv)
	if err != nil {
		return err
	}
	if o.does == "" {
		_, err := io.WriteString(s.out, usage)
		return err
	}
	d, err := connect(ctx, o)
	if err != nil {
		return err
	}
	id := o.id
	switch o.does {
	case doCancel:
		_, err = d.call(ctx, "POST", "/imports/"+id+"/cancel", nil)
	case doPlan:
		return showPlan(ctx, d, id, s)
	case doUndo:
		_, err = d.call(ctx, "POST", "/imports/"+id+"/undo", nil)
	case doUpload:
		id, err = upload(ctx, d, o, s)
	}
	if err != nil {
		if ctx.Err() != nil {
			return errors.New("interrupted; nothing is imported")
		}
		return err
	}
	return watch(ctx, d, o, id, s)
}

// upload puts the file into the bucket and returns the id of its import.
func upload(ctx context.Context, d *deployment, o order, s *screen) (string, error) {
	if _, err := d.call(ctx, "GET", "/imports?limit=1", nil); err != nil {
		return "", err // nobody could watch it
	}
	if err := o.readMapping(ctx, d); err != nil {
		return "", err
	}
	version, err := d.put(ctx, o, s)
	if err != nil {
		return "", err
	}
	s.progress("uploaded; waiting for the import to begin")
	for {
		list, err := d.call(ctx, "GET", "/imports?limit=100", nil)
		if err != nil {
			return "", err
		}
		for _, im := range list.Imports {
			if im.Key == o.key() && im.Version == version {
				return im.ID, nil
			}
		}
		if !pause(ctx, 200*time.Millisecond) {
			return "", errors.New("interrupted; the import begins by itself, and `make import ID=...` watches it")
		}
	}
}

// pause waits, and reports false where ctx ends before that.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
