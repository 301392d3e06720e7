// Package dynamolocal runs DynamoDB Local, for the development machine, the tests and the
// benchmarks: it fetches it, starts and stops it, and makes the table that
// template.yaml defines. Nothing that is deployed imports it.
package dynamolocal

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

const (
	// startTimeout is how long a server may take to answer. It takes 2 to 6 s
	// on an idle machine; a test run starts several while the compiler works.
	startTimeout = 90 * time.Second

	// askEvery is the pause between two questions whether the server answers.
	askEvery = 50 * time.Millisecond
)

// Options say how a server is started.
type Options struct {
	Root string // of the module; DynamoDB Local lives in .cache below it
	Dir  string // where the data are kept; empty: in memory
	Port int    // 0: a free one
	// Address is where it listens; empty: 127.0.0.1. It takes any signature, so whoever
	// reaches it may read and write all.
	Address string
}

// A Server is a running DynamoDB Local. It ends with the process that started
// it, however that ends.
type Server struct {
	endpoint string
	command  *exec.Cmd
	lifeline io.Closer     // the server lives while it is open
	done     chan struct{} // closed when the server has ended
	output   bytes.Buffer  // may be read once done is closed
	unlock   func()        // gives Dir back
}

// Start starts a server and returns when it answers. It fetches DynamoDB Local
// before, if that was not done yet.
func Start(ctx context.Context, o Options) (*Server, error) {
	if err := Fetch(ctx, o.Root); err != nil {
		return nil, err
	}
	if err := java.check(ctx); err != nil {
		return nil, err
	}
	class, err := compileLoopback(ctx, o.Root)
	if err != nil {
		return nil, err
	}
	address := cmp.Or(o.Address, "127.0.0.1")
	port, err := freePort(address, o.Port)
	if err != nil {
		return nil, err
	}

	// It keeps a value as an object of each of its members: 60 customers of 36,000 members
	// in 512 MB left it to its collector for minutes. It takes more only when it needs it.
	args := []string{
		"-Xmx2g", "-Daddress=" + address, "-cp", class + string(filepath.ListSeparator) + filepath.Join(libDir(o.Root), "*"), "Loopback",
		"-sharedDb", "-disableTelemetry", "-port", strconv.Itoa(port),
	}
	unlock := func() {}
	if o.Dir == "" {
		args = append(args, "-inMemory")
	} else {
		if unlock, err = lockDir(o.Dir); err != nil {
			return nil, err
		}
		args = append(args, "-dbPath", o.Dir)
	}

	s := &Server{
		endpoint: "http://" + net.JoinHostPort(address, strconv.Itoa(port)),
		done:     make(chan struct{}),
		unlock:   unlock,
	}
	if err := s.run(args); err != nil {
		unlock()
		return nil, err
	}
	if err := s.waitUntilReady(ctx); err != nil {
		s.Stop()
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("DynamoDB Local on port %d: %w\n%s", port, err, s.output.Bytes())
	}
	return s, nil
}

// Done is closed when the server has ended, by whatever cause.
func (s *Server) Done() <-chan struct{} { return s.done }

// Output is what the server wrote, once it has ended.
func (s *Server) Output() string {
	<-s.done
	return s.output.String()
}

// Endpoint returns the address at which the server answers.
func (s *Server) Endpoint() string { return s.endpoint }

// Stop ends the server and returns when it has ended. It may be called twice.
func (s *Server) Stop() {
	s.lifeline.Close()
	<-s.done
}

// Client returns a client of the DynamoDB Local at endpoint.
func Client(endpoint string) *dynamodb.Client {
	return dynamodb.New(dynamodb.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(endpoint),
		// DynamoDB Local takes any keys of letters and digits.
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
}

// leash runs java until it ends or standard input does, whichever comes first.
// The other end of standard input is held by this process alone, and no way to
// die leaves it open: so SIGKILL stops the server as well. What a shell puts
// into the background ignores Ctrl-C, so that the one who holds the terminal
// can still finish his work with the server.
const leash = `
trap '' INT
exec 3<&0
java "$@" 3<&- &
server=$!
{ read -r _ <&3; kill -9 $server; } 2>/dev/null &
wait $server
status=$?
kill $! 2>/dev/null
exit $status
`

// run starts java with args and sees to it that done is closed when it ends.
func (s *Server) run(args []string) error {
	s.command = exec.Command("sh", append([]string{"-c", leash, "sh"}, args...)...)
	s.command.Stdout, s.command.Stderr = &s.output, &s.output
	lifeline, err := s.command.StdinPipe()
	if err != nil {
		return err
	}
	s.lifeline = lifeline
	if err := s.command.Start(); err != nil {
		return err
	}
	go func() {
		s.command.Wait()
		s.unlock()
		close(s.done)
	}()
	return nil
}

func (s *Server) waitUntilReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("no answer after %v", startTimeout))
	defer cancel()

	client := Client(s.endpoint)
	for {
		_, err := client.ListTables(ctx, &dynamodb.ListTablesInput{}, func(o *dynamodb.Options) {
			o.Retryer = aws.NopRetryer{}
		})
		if err == nil {
			return nil
		}
		select {
		case <-s.done:
			return errors.New("ended before it answered")
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(askEvery):
		}
	}
}

// freePort returns want of an address, or any port if want is 0, having seen that nobody
// listens there: the answers of another server would be taken for our own.
func freePort(address string, want int) (int, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(want)))
	if err != nil {
		return 0, fmt.Errorf("port %d for DynamoDB Local: %w", want, err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// lockDir makes dir and keeps other servers out of it: two on the same files
// would each keep to their own view of them.
func lockDir(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	unlock, err = tryLock(filepath.Join(dir, ".lock"))
	if errors.Is(err, errLocked) {
		return nil, fmt.Errorf("%s is in use by another DynamoDB Local", dir)
	}
	return unlock, err
}
