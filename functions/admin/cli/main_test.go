package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/functions/admin"
)

func environment(of map[string]string) func(string) string {
	return func(name string) string { return of[name] }
}

func TestParse(t *testing.T) {
	tests := []struct {
		name string
		args []string
		env  map[string]string
		want order
		err  string
	}{
		{name: "nothing", want: order{target: "local", port: "3000", function: "regulars-admin"}},
		{
			name: "an action", args: []string{"ACTION=create-token", "TENANT=5", `SETTINGS={"a":"b=c"}`, "NAME="},
			want: order{action: "create-token", target: "local", port: "3000", function: "regulars-admin",
				parameters: map[string]string{"tenant": "5", "settings": `{"a":"b=c"}`, "name": ""}},
		},
		{
			name: "where to", args: []string{"ACTION=x", "TARGET=aws", "FUNCTION_NAME=mine", "PORT=80"},
			want: order{action: "x", target: "aws", port: "80", function: "mine"},
		},
		{
			name: "from the environment", args: []string{"PORT=81"},
			env:  map[string]string{"ACTION": "x", "TARGET": "aws", "FUNCTION_NAME": "mine", "PORT": "80", "NAME": "host", "TENANT": "6"},
			want: order{action: "x", target: "aws", port: "81", function: "mine"},
		},
		{name: "no value", args: []string{"create-token"}, err: `"create-token" is not of the form`},
		{name: "not in capitals", args: []string{"tenant=5"}, err: `"tenant=5" is not of the form`},
		{name: "no target", args: []string{"TARGET=moon"}, err: "TARGET=moon"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(tt.args, environment(tt.env))
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Fatalf("parse error = %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if tt.want.parameters == nil {
				tt.want.parameters = map[string]string{}
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(order{})); diff != "" {
				t.Errorf("parse (-want +got):\n%s", diff)
			}
		})
	}
}

// serve answers every call the same way and returns its port and what it got.
func serve(t *testing.T, status int, answer string) (port string, got *string) {
	t.Helper()
	got = new(string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*got = r.Method + " " + r.URL.Path + " " + r.Header.Get(admin.Header) + " " + string(body)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, got
}

func TestRun(t *testing.T) {
	tests := []struct {
		name   string
		status int
		answer string
		out    string
		err    string
	}{
		{"done", 200, `{"tenant":5}`, "{\n  \"tenant\": 5\n}\n", ""},
		{"refused", 200, `{"error":{"code":"tenant_unknown","detail":"There is no tenant 5."}}`, "", "There is no tenant 5. (tenant_unknown)"},
		{"fault", 500, `{"error":{"code":"internal","detail":"See the log."}}`, "", "See the log. (internal)"},
		{"somebody else", 404, `not found`, "", "is it Regulars"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			port, got := serve(t, tt.status, tt.answer)
			var out strings.Builder
			err := run(t.Context(), []string{"ACTION=show-tenant", "TENANT=5"}, environment(map[string]string{"PORT": port}), &out)
			if out.String() != tt.out {
				t.Errorf("printed %q, want %q", out.String(), tt.out)
			}
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("run = %v, want %q", err, tt.err)
			}
			if want := `POST /_admin 1 {"action":"show-tenant","tenant":"5"}`; *got != want {
				t.Errorf("sent %s, want %s", *got, want)
			}
		})
	}
}

func TestRunWithoutAction(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), nil, environment(nil), &out); err != nil || !strings.Contains(out.String(), "make admin ACTION=create-token") {
		t.Errorf("run = %v, printed %q, want the actions", err, out.String())
	}
}

func TestRunWhereNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	err = run(t.Context(), []string{"ACTION=list-tenants", "PORT=" + port}, environment(nil), io.Discard)
	if err == nil || !strings.Contains(err.Error(), "make run") {
		t.Errorf("run = %v, want it to say how to start", err)
	}
}

// The Lambda API is played by its wire format.
func TestRunOnAWS(t *testing.T) {
	tests := []struct{ name, functionError, answer, out, err string }{
		{"done", "", `{"tenant":5}`, "{\n  \"tenant\": 5\n}\n", ""},
		{"refused", "", `{"error":{"code":"bad_tenant","detail":"No."}}`, "", "No. (bad_tenant)"},
		{"fault", "Unhandled", `{"errorMessage":"boom"}`, "", "mine ended with an internal error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				got = r.URL.Path + " " + string(body)
				if tt.functionError != "" {
					w.Header().Set("X-Amz-Function-Error", tt.functionError)
				}
				_, _ = io.WriteString(w, tt.answer)
			}))
			t.Cleanup(server.Close)
			for name, value := range map[string]string{
				"AWS_ENDPOINT_URL_LAMBDA": server.URL, "AWS_REGION": "eu-central-1",
				"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
			} {
				t.Setenv(name, value)
			}
			var out strings.Builder
			err := run(t.Context(), []string{"ACTION=show-tenant", "TENANT=5", "TARGET=aws", "FUNCTION_NAME=mine"}, environment(nil), &out)
			if out.String() != tt.out || (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("run = %v, printed %q, want %q, %q", err, out.String(), tt.err, tt.out)
			}
			if want := `/2015-03-31/functions/mine/invocations {"action":"show-tenant","tenant":"5"}`; got != want {
				t.Errorf("sent %s, want %s", got, want)
			}
		})
	}
}

func TestRunOnAWSWithoutCredentials(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	} {
		t.Setenv(name, value)
	}
	err := run(t.Context(), []string{"ACTION=list-tenants", "TARGET=aws"}, environment(nil), io.Discard)
	if err == nil || !strings.HasPrefix(err.Error(), "TARGET=aws needs AWS credentials") {
		t.Errorf("run = %v, want it to say that credentials are missing", err)
	}
}
