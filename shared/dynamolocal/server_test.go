package dynamolocal_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/dynamolocal"
)

// TestMain lets this binary play the process that starts a server and is
// killed.
func TestMain(m *testing.M) {
	if dir := os.Getenv("START_SERVER_IN"); dir != "" {
		startAndWait(dir)
	}
	os.Exit(m.Run())
}

func startAndWait(dir string) {
	root, err := dynamolocal.Root()
	if err == nil {
		var server *dynamolocal.Server
		server, err = dynamolocal.Start(context.Background(), dynamolocal.Options{Root: root, Dir: dir})
		if err == nil {
			fmt.Println(server.Endpoint())
			select {}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestServerKeepsItsFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	server := start(t, dynamolocal.Options{Dir: dir})
	definition := definitionOf(t, "template.yaml")
	if err := dynamolocal.Create(t.Context(), dynamolocal.Client(server.Endpoint()), "regulars", definition); err != nil {
		t.Fatal(err)
	}

	t.Run("a second server is refused", func(t *testing.T) {
		_, err := dynamolocal.Start(t.Context(), dynamolocal.Options{Root: root(t), Dir: dir})
		if err == nil || !strings.Contains(err.Error(), dir+" is in use") {
			t.Errorf("error = %v, want one that says the folder is in use", err)
		}
	})

	server.Stop()
	server.Stop()
	if answers(server.Endpoint()) {
		t.Errorf("%s answers after Stop", server.Endpoint())
	}

	again := start(t, dynamolocal.Options{Dir: dir})
	output, err := dynamolocal.Client(again.Endpoint()).ListTables(t.Context(), &dynamodb.ListTablesInput{})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(output.TableNames, " "); got != "regulars" {
		t.Errorf("tables after a restart = %q, want %q", got, "regulars")
	}
}

// A parent that is killed takes the server with it, and what was written stays.
func TestServerDiesWithItsParent(t *testing.T) {
	dir := t.TempDir()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), "START_SERVER_IN="+dir)
	parent.Stderr = os.Stderr
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	defer parent.Process.Kill()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	endpoint := strings.TrimSpace(line)
	client := dynamolocal.Client(endpoint)
	if err := dynamolocal.Create(t.Context(), client, "regulars", definitionOf(t, "template.yaml")); err != nil {
		t.Fatal(err)
	}
	item := map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "a"},
		"sk": &types.AttributeValueMemberS{Value: "b"},
	}
	if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String("regulars"), Item: item}); err != nil {
		t.Fatal(err)
	}

	parent.Process.Kill()
	parent.Wait()

	deadline := time.Now().Add(10 * time.Second)
	for answers(endpoint) {
		if time.Now().After(deadline) {
			t.Fatalf("%s still answers, its parent was killed 10 s ago", endpoint)
		}
		time.Sleep(20 * time.Millisecond)
	}
	again := start(t, dynamolocal.Options{Dir: dir})
	output, err := dynamolocal.Client(again.Endpoint()).GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String("regulars"), Key: item, ConsistentRead: aws.Bool(true),
	})
	if err != nil {
		t.Fatal(err)
	}
	if output.Item == nil {
		t.Error("the item written before the kill is gone")
	}
}

// The database takes any signature, so nobody but this machine may reach it.
func TestServerListensOnLoopbackAlone(t *testing.T) {
	server := start(t, dynamolocal.Options{})
	address, err := netip.ParseAddrPort(strings.TrimPrefix(server.Endpoint(), "http://"))
	if err != nil || !address.Addr().IsLoopback() {
		t.Fatalf("endpoint = %s, %v, want a loopback address", server.Endpoint(), err)
	}
	found := 0
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		sockets, err := os.ReadFile(file)
		if err != nil {
			continue // another system, or one without IPv6
		}
		for line := range strings.Lines(string(sockets)) {
			fields := strings.Fields(line)
			if len(fields) < 4 || fields[3] != "0A" || !strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", address.Port())) {
				continue // not of a listener on the port
			}
			found++
			host, _, _ := strings.Cut(fields[1], ":")
			if host != "0100007F" && host != "0000000000000000FFFF00000100007F" {
				t.Errorf("%s: the server listens at %s", file, fields[1])
			}
		}
	}
	if _, err := os.Stat("/proc/net/tcp"); err == nil && found == 0 {
		t.Error("no listening socket of the server was found")
	}
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		own, isNet := i.(*net.IPNet)
		if !isNet || own.IP.IsLoopback() || own.IP.To4() == nil {
			continue
		}
		if answers(fmt.Sprintf("http://%s:%d", own.IP, address.Port())) {
			t.Errorf("the server answers at %s", own.IP)
		}
	}
}

func TestStartWantsAFreePort(t *testing.T) {
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port

	_, err = dynamolocal.Start(t.Context(), dynamolocal.Options{Root: root(t), Port: port})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("port %d for DynamoDB Local", port)) {
		t.Errorf("error = %v, want one that names port %d", err, port)
	}
}

func TestStartEndsWithItsContext(t *testing.T) {
	if err := dynamolocal.Fetch(t.Context(), root(t)); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := dynamolocal.Start(ctx, dynamolocal.Options{Root: root(t), Dir: dir}); err == nil {
		t.Fatal("Start succeeded although its context had ended")
	}
	start(t, dynamolocal.Options{Dir: dir}) // the folder is free again
}

func start(t *testing.T, o dynamolocal.Options) *dynamolocal.Server {
	t.Helper()
	o.Root = root(t)
	server, err := dynamolocal.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}

func root(t *testing.T) string {
	t.Helper()
	root, err := dynamolocal.Root()
	if err != nil {
		t.Fatal(err)
	}
	return root
}

func answers(endpoint string) bool {
	response, err := http.Get(endpoint)
	if err != nil {
		return false
	}
	response.Body.Close()
	return true
}
