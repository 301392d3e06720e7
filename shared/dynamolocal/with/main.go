// With runs a command with a DynamoDB Local around it and passes on its exit
// code (which go run turns into 1). The command finds the server in
// DYNAMODB_ENDPOINT; where that is set beforehand, the server it names is used
// and none is started.
//
//	go run ./shared/dynamolocal/with [-port N] [-address A] -- COMMAND ARGUMENTS...
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"regulars/shared/dynamolocal"
)

func main() {
	port := flag.Int("port", 0, "port of DynamoDB Local; 0: a free one")
	address := flag.String("address", "127.0.0.1", "where DynamoDB Local listens; whoever reaches it may read and write all")
	flag.Parse()
	if flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "with: no command given")
		os.Exit(2)
	}
	code, err := run(dynamolocal.Options{Port: *port, Address: *address}, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "with:", err)
	}
	os.Exit(code)
}

// run returns the exit code of the command, or 1 and an error if there is none.
func run(o dynamolocal.Options, command []string) (int, error) {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()

	if os.Getenv("DYNAMODB_ENDPOINT") == "" {
		root, err := dynamolocal.Root()
		if err != nil {
			return 1, err
		}
		o.Root = root
		server, err := dynamolocal.Start(ctx, o)
		if err != nil {
			return 1, err
		}
		defer server.Stop()
		os.Setenv("DYNAMODB_ENDPOINT", server.Endpoint())
	}
	if err := ctx.Err(); err != nil {
		return 1, err
	}

	// From here on the command decides what a signal means, and the server
	// stays until it has ended. Ctrl-C reaches the command from the terminal,
	// SIGTERM only through here.
	terminated, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	child := exec.CommandContext(terminated, command[0], command[1:]...)
	child.Cancel = func() error { return child.Process.Signal(syscall.SIGTERM) }
	child.Stdin, child.Stdout, child.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := child.Run()
	if ended := child.ProcessState; ended != nil && ended.Exited() {
		return ended.ExitCode(), nil
	}
	return 1, err
}
