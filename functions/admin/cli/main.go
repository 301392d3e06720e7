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
	call, err := order.call(getenv("USER"))
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
	if order.action == "change-settings" {
		answer = onlyChanged(answer, order.parameters["settings"])
	}
	return show(out, answer)
}

// onlyChanged is the answer of change-settings with the settings that were sent
// and no others: all of them fill two screens. show-tenant prints all.
func onlyChanged(answer []byte, sent string) []byte {
	var all struct {
		Tenant   json.RawMessage            `json:"tenant"`
		Settings map[string]json.RawMessage `json:"settings"`
	}
	var changed map[string]json.RawMessage
	if json.Unmarshal(answer, &all) != nil || all.Settings == nil || json.Unmarshal([]byte(sent), &changed) != nil {
		return answer // an error, which names what is wrong
	}
	for name := range all.Settings {
		if _, ok := changed[name]; !ok {
			delete(all.Settings, name)
		}
	}
	short, err := json.Marshal(map[string]any{"tenant": all.Tenant, "settings": all.Settings})
	if err != nil {
		return answer
	}
	return short
}

// show prints an answer. One that is an error is returned as one.
func show(out io.Writer, answer []byte) error {
	var failed struct {
		Error *struct{ Code, Detail string }
	}
	if err := json.Unmarshal(answer, &failed); err != nil {
		return errors.New("what came is no answer of the admin handler; is it Regulars that listens there?")
	}
	if failed.Error != nil {
		return fmt.Errorf("%s (%s)", failed.Error.Detail, failed.Error.Code)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, answer, "", "  "); err != nil {
		return err
	}
	indented.WriteByte('\n')
	_, err := out.Write(indented.Bytes())
	return err
}
