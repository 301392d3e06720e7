// Command cli is `make admin`: it sends one action to the process of `make run`,
// or with TARGET=aws to the deployed function, and prints the answer. Without
// ACTION it prints what there is.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"regulars/functions/admin"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "make admin:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	order, err := parse(args, getenv)
	if err != nil {
		return err
	}
	if order.action == "" {
		return admin.Help(out)
	}
	call, err := order.call()
	if err != nil {
		return err
	}
	var answer []byte
	if order.target == targetAWS {
		answer, err = invoke(ctx, order.function, call)
	} else {
		answer, err = post(ctx, order.port, call)
	}
	if err != nil {
		return err
	}
	return show(out, answer)
}

// show prints an answer. One that is an error is returned instead.
func show(out io.Writer, answer []byte) error {
	var refused struct {
		Error *struct{ Code, Detail string }
	}
	if err := json.Unmarshal(answer, &refused); err != nil {
		return errors.New("what came is no answer of the admin handler; is it Regulars that listens there?")
	}
	if refused.Error != nil {
		return fmt.Errorf("%s (%s)", refused.Error.Detail, refused.Error.Code)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, answer, "", "  "); err != nil {
		return err
	}
	indented.WriteByte('\n')
	_, err := out.Write(indented.Bytes())
	return err
}
