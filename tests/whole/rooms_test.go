package whole_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The module, and what it is allowed to lean on.
const (
	module    = "regulars/"
	awsSDK    = "github.com/aws/aws-sdk-go-v2/..."
	smithy    = "github.com/aws/smithy-go/..."
	awsLambda = "github.com/aws/aws-lambda-go/"
	apiProxy  = "github.com/awslabs/aws-lambda-go-api-proxy/"
	goYAML    = "github.com/goccy/go-yaml"
	errgroup  = "golang.org/x/sync/errgroup"
	openAPI   = "github.com/getkin/kin-openapi/..."
	chromedp  = "github.com/chromedp/..."     // of tests/console alone
	pgx       = "github.com/jackc/pgx/v5/..." // of tests/peers alone
	fakeS3    = "github.com/johannesboyne/gofakes3/..."
)

// rooms says what each package may import besides the standard library. What is
// not written here is not allowed, and a package that is not written here is
// none. A name that ends in /... is everything below it, too.
//
// Arrows point inwards: what runs -> what is known; a dialect -> domain and
// httpapi; storage -> domain and the AWS SDK; domain -> domain.
var rooms = map[string][]string{
	// What runs. A dialect knows no other.
	"functions/altcraft":     {"functions/altcraft/filter", "functions/altcraft/xmlbody", "shared/access", "shared/contact", "shared/customer", "shared/customer/fieldop", "shared/customer/upkeep", "shared/httpapi", "shared/idempotency", "shared/jobs", "shared/errs", "shared/value", "github.com/cespare/xxhash/v2"},
	"functions/genesys":      {"shared/access", "shared/contact", "shared/customer", "shared/customer/extension", "shared/httpapi", "shared/jobs", "shared/errs", "shared/idempotency", "shared/value"},
	"functions/haravan":      {"shared/access", "shared/contact", "shared/csvtext", "shared/customer", "shared/httpapi", "shared/idempotency", "shared/errs", "shared/points", "shared/value"},
	"functions/mojodex":      {"shared/access", "shared/catalog", "shared/customer", "shared/httpapi", "shared/errs", "shared/idempotency", "shared/value"},
	"functions/console":      {"shared/history", "shared/access", "shared/catalog", "shared/customer", "shared/customer/extension", "shared/errs", "shared/httpapi", "shared/idempotency", "shared/imports", "shared/imports/rowfile", "shared/jobs", "shared/merge", "shared/meter", "shared/objects", "shared/points", "shared/privacy", "shared/session", "shared/usage", "shared/value", errgroup, "golang.org/x/text/feature/plural", "golang.org/x/text/language"},
	"functions/admin":        {"shared/history", "shared/access", "shared/audit", "shared/meter", "shared/metrics", "shared/customer", "shared/httpapi", "shared/jobs", "shared/errs", "shared/merge", "shared/points", "shared/privacy", "shared/value"},
	"functions/admin/lambda": {"shared/history", "shared/access", "shared/audit", "shared/boot", "shared/customer", "shared/dynamo", "shared/imports", "shared/jobs", "shared/merge", "shared/points", "shared/privacy", "shared/s3bucket", "shared/sqsqueue", awsLambda + "lambda"},
	"functions/work":         {"shared/jobs", "shared/jobs/kinds", "shared/partqueue", awsLambda + "events"},
	"functions/*/lambda":     {"shared/access", "shared/audit", "shared/boot", "shared/catalog", "shared/customer", "shared/dynamo", "shared/httpapi", "shared/jobs", "shared/jobs/kinds", "shared/lambdahttp", "shared/merge", "shared/partqueue", "shared/points", "shared/session", "shared/sqsqueue", awsLambda + "lambda"},
	"functions/audit":        {"shared/audit", awsLambda + "events", "github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/..."},
	"functions/audit/lambda": {awsLambda + "lambda", "shared/boot", "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"},
	// The rows of imports are read as another dialect reads them.
	"functions/imports":        {"shared/access", "shared/errs", "shared/httpapi", "shared/imports", "shared/jobs", "shared/partqueue", "shared/value", awsLambda + "events"},
	"functions/imports/rows":   {"functions/altcraft", "functions/haravan", "functions/imports", "shared/access", "shared/errs", "shared/imports", "shared/points"},
	"functions/imports/lambda": {"functions/imports/rows", "shared/access", "shared/audit", "shared/boot", "shared/dynamo", "shared/httpapi", "shared/imports", "shared/jobs", "shared/lambdahttp", "shared/partqueue", "shared/s3bucket", "shared/sqsqueue", awsLambda + "lambda"},
	"functions/imports/cli":    {"shared/objects", "shared/s3bucket", awsLambda + "events", awsSDK, smithy},
	"functions/console/lambda": {"shared/history", "functions/imports/rows", "shared/access", "shared/audit", "shared/boot", "shared/catalog", "shared/customer", "shared/dynamo", "shared/httpapi", "shared/imports", "shared/jobs", "shared/lambdahttp", "shared/logusage", "shared/merge", "shared/points", "shared/privacy", "shared/s3bucket", "shared/session", "shared/sqsqueue", "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"},
	// Anchors are signed by KMS alone where parts are done.
	"functions/work/lambda":     {"shared/access", "shared/audit", "shared/boot", "shared/catalog", "shared/customer", "shared/dynamo", "shared/httpapi", "shared/imports", "shared/s3bucket", "shared/jobs", "shared/jobs/kinds", "shared/kmssigner", "shared/merge", "shared/partqueue", "shared/points", "shared/sqsqueue", awsLambda + "lambda"},
	"functions/admin/cli":       {"functions/admin", "github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/service/lambda", "github.com/aws/smithy-go/logging"},
	"functions/local":           {"functions/imports", "functions/local/bucket", "functions/local/anchorkey", "functions/local/devserver", "shared/audit", "shared/httpapi", "shared/dynamolocal", "shared/objects", "shared/s3bucket", awsLambda + "events", awsSDK},
	"functions/local/bucket":    {"shared/errs", awsLambda + "events", fakeS3},
	"functions/local/anchorkey": {"shared/anchor"},
	"functions/local/table":     {"shared/access", "shared/anchor", "shared/customer", "shared/dynamo", "shared/jobs/kinds", "shared/points", "github.com/aws/aws-sdk-go-v2/service/dynamodb/types", errgroup},
	"functions/local/table/cli": {"functions/local/anchorkey", "functions/local/table", "shared/anchor", "shared/dynamo", "shared/dynamolocal", "shared/kmssigner", "github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/config", "github.com/aws/aws-sdk-go-v2/service/dynamodb"},
	"functions/local/devserver": {"shared/history", "shared/partqueue", "functions/admin", "functions/altcraft", "functions/console", "functions/genesys", "functions/haravan", "functions/imports", "functions/imports/rows", "functions/mojodex", "functions/work", "shared/access", "shared/anchor", "shared/catalog", "shared/customer", "shared/dynamo", "shared/httpapi", "shared/imports", "shared/jobs", "shared/jobs/kinds", "shared/merge", "shared/objects", "shared/points", "shared/metrics", "shared/privacy", "shared/session", "shared/usage", "shared/value",
		"github.com/aws/aws-sdk-go-v2/service/dynamodb"},

	// What a dialect decides by itself, apart from its requests.
	"functions/altcraft/filter":  {"shared/customer", "shared/errs", "shared/value"},
	"functions/altcraft/xmlbody": {"shared/errs", "shared/value"},

	// Domain: nothing from outside.
	"shared/errs":               {"shared/meter"},
	"shared/value":              {"shared/errs"},
	"shared/turns":              {},
	"shared/together":           {},
	"shared/customer":           {"shared/contact", "shared/customer/extension", "shared/customer/fieldop", "shared/errs", "shared/idempotency", "shared/turns", "shared/value", errgroup},
	"shared/customer/extension": {"shared/errs", "shared/value"},
	"shared/customer/fieldop":   {"shared/errs", "shared/value"},
	"shared/customer/upkeep":    {"shared/customer"},
	"shared/catalog":            {"shared/customer", "shared/errs", "shared/idempotency", "shared/value"},
	"shared/access":             {"shared/customer/extension", "shared/customer", "shared/errs", "shared/value"},
	"shared/session":            {"shared/access", "shared/errs"},
	"shared/jobs":               {"shared/history", "shared/customer/extension", "shared/customer", "shared/customer/upkeep", "shared/errs", "shared/idempotency", "shared/points", "shared/value"},
	"shared/privacy":            {"shared/history", "shared/access", "shared/catalog", "shared/customer", "shared/customer/extension", "shared/errs", "shared/imports", "shared/points"},
	"shared/history":            {"shared/access", "shared/customer", "shared/customer/extension", "shared/errs", "shared/value"},
	"shared/points":             {"shared/access", "shared/customer", "shared/errs", "shared/idempotency", "shared/meter", "shared/together", "shared/turns", errgroup},
	"shared/merge":              {"shared/access", "shared/catalog", "shared/contact", "shared/customer", "shared/customer/extension", "shared/errs", "shared/points", "shared/value"},
	"shared/contact":            {"golang.org/x/net/idna", "golang.org/x/text/cases", "golang.org/x/text/unicode/norm"},
	"shared/csvtext":            {},
	"shared/imports":            {"shared/access", "shared/contact", "shared/csvtext", "shared/value", "shared/customer", "shared/errs", "shared/imports/rowfile", "shared/jobs", "shared/objects", "shared/points", errgroup},
	"shared/imports/rowfile":    {"shared/csvtext", "shared/customer/fieldop", "shared/errs", "shared/value", "golang.org/x/text/encoding", "golang.org/x/text/encoding/charmap", "golang.org/x/text/encoding/unicode", "golang.org/x/text/transform", "golang.org/x/text/unicode/norm"},
	"shared/meter":              {},
	"shared/anchor":             {"shared/customer", "shared/errs", "shared/points"},

	"shared/idempotency": {"shared/errs"},

	// What is done to many customers in the background.
	"shared/jobs/kinds": {"shared/access", "shared/anchor", "shared/catalog", "shared/customer", "shared/customer/upkeep", "shared/errs", "shared/jobs", "shared/merge", "shared/points", "shared/privacy"},

	// What the domain is kept in and reached by.
	"shared/dynamo":     {"shared/history", "shared/privacy", "shared/customer/extension", "shared/access", "shared/anchor", "shared/catalog", "shared/customer", "shared/idempotency", "shared/imports", "shared/jobs", "shared/merge", "shared/meter", "shared/errs", "shared/points", "shared/turns", "shared/session", "shared/value", awsSDK, smithy, errgroup},
	"shared/kmssigner":  {"shared/anchor", awsSDK},
	"shared/sqsqueue":   {"shared/jobs", "shared/errs", awsSDK, smithy},
	"shared/partqueue":  {"shared/history", "shared/audit", "shared/errs", "shared/jobs", "shared/meter", "shared/metrics", awsLambda + "events", errgroup},
	"shared/objects":    {},
	"shared/s3bucket":   {"shared/errs", "shared/objects", awsSDK, smithy},
	"shared/httpapi":    {"shared/history", "shared/access", "shared/audit", "shared/customer", "shared/meter", "shared/metrics", "shared/errs"},
	"shared/metrics":    {},
	"shared/usage":      {"shared/metrics"},
	"shared/logusage":   {"shared/usage", "github.com/aws/aws-sdk-go-v2/aws", "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/..."},
	"shared/audit":      {awsLambda + "lambdacontext"},
	"shared/lambdahttp": {awsLambda + "events", awsLambda + "lambda", awsLambda + "lambdacontext", apiProxy + "core", apiProxy + "httpadapter"},
	"shared/boot":       {"shared/audit", "shared/metrics", awsSDK, awsLambda + "lambdacontext"},

	// What runs on a development machine alone.
	"shared/dynamolocal":            {awsSDK, goYAML},
	"shared/dynamolocal/dynamotest": {"shared/dynamolocal", awsSDK},
	"shared/dynamolocal/with":       {"shared/dynamolocal"},

	// What only the whole can show.
	"tests/...":     {"functions/...", "shared/...", "tests/...", awsSDK, smithy, awsLambda + "events", awsLambda + "lambda", goYAML, openAPI, "github.com/google/go-cmp/cmp"},
	"tests/console": {"functions/...", "shared/...", "tests/...", chromedp, "golang.org/x/net/html"},
	"tests/peers":   {"functions/local/devserver", "shared/customer", "shared/dynamolocal", awsSDK, pgx},
}

// domain are the rooms that know neither HTTP nor the machine they run on.
var domain = []string{"shared/errs", "shared/value", "shared/idempotency", "shared/customer", "shared/customer/extension", "shared/customer/fieldop", "shared/customer/upkeep", "shared/catalog", "shared/access", "shared/session", "shared/jobs", "shared/merge", "shared/history", "shared/points", "shared/contact", "shared/csvtext", "shared/imports", "shared/imports/rowfile", "shared/meter", "shared/anchor", "shared/turns"}

// outsideDomain are the parts of the standard library that these keep off.
var outsideDomain = []string{"net/http", "net", "os", "io/fs", "log", "log/slog", "database/sql", "testing"}

// inTests are what tests may import beside what their package may.
var inTests = []string{
	"shared/...", "tests/...", "functions/local/devserver", "functions/...",
	"github.com/google/go-cmp/cmp", "github.com/google/go-cmp/cmp/cmpopts", "pgregory.net/rapid", awsSDK, smithy, errgroup, awsLambda + "events", awsLambda + "lambdacontext", fakeS3,
}

// neverDeployed must not be reached from functions/*/lambda, whatever the way.
var neverDeployed = []string{module + "shared/dynamolocal", module + "functions/local", module + "tests", goYAML, strings.TrimSuffix(fakeS3, "/...")}

// imports are the sources: what each package's files import, and which are tests.
type imports map[string][]imported

type imported struct {
	file, path string
	inTest     bool
}

func TestRooms(t *testing.T) {
	t.Parallel()
	read := readImports(t, os.DirFS("../.."))
	for room := range rooms {
		if !slices.ContainsFunc(packagesOf(read), func(p string) bool { return within(p, room) }) {
			t.Errorf("the room %s is empty; take it out of the table", room)
		}
	}
	for _, wrong := range read.violations() {
		t.Error(wrong)
	}
	if n := len(packagesOf(read)); n < 20 {
		t.Errorf("read %d packages only; the test looks at the wrong place", n)
	}
}

// A rule that never fails is none: each of these sources breaks one.
func TestRoomsAreGuarded(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, at, imports, want string }{
		{"sideways, to another dialect", "functions/altcraft/x.go", module + "functions/admin", "functions/altcraft may not import regulars/functions/admin"},
		{"sideways, from what wires a dialect", "functions/altcraft/lambda/x.go", module + "functions/work", "functions/altcraft/lambda may not import regulars/functions/work"},
		{"outwards, from the domain to storage", "shared/customer/x.go", module + "shared/dynamo", "shared/customer may not import"},
		{"the SDK in the domain", "shared/customer/x.go", "github.com/aws/aws-sdk-go-v2/aws", "shared/customer may not import"},
		{"HTTP in the domain", "shared/access/x.go", "net/http", "shared/access may not import net/http"},
		{"the SDK in a dialect", "functions/altcraft/x.go", "github.com/aws/aws-sdk-go-v2/service/dynamodb", "functions/altcraft may not import"},
		{"storage in a dialect", "functions/altcraft/x.go", module + "shared/dynamo", "functions/altcraft may not import"},
		{"HTTP in storage", "shared/dynamo/x.go", module + "shared/httpapi", "shared/dynamo may not import"},
		{"the proxy elsewhere", "functions/altcraft/lambda/x.go", apiProxy + "httpadapter", "may not import"},
		{"a room that nobody knows", "shared/util/x.go", "fmt", "shared/util is not in the table of rooms"},
		{"a name that only begins like one", "shared/customers/x.go", "fmt", "shared/customers is not in the table of rooms"},
		{"a laptop's part in a function", "functions/altcraft/lambda/x.go", module + "functions/local/devserver", "functions/altcraft/lambda reaches regulars/functions/local/devserver"},
		{"a laptop's part by a detour", "shared/boot/x.go", module + "shared/dynamolocal", "functions/altcraft/lambda reaches regulars/shared/dynamolocal"},
		{"a test library outside of tests", "shared/value/x.go", "pgregory.net/rapid", "shared/value may not import"},
		{"a library nobody weighed, in a test", "shared/value/x_test.go", "github.com/stretchr/testify/assert", "shared/value may not import"},
		{"allowed", "functions/altcraft/x.go", module + "shared/customer", ""},
		{"allowed in a test", "shared/value/x_test.go", "pgregory.net/rapid", ""},
	}
	for _, tt := range tests {
		read := readImports(t, os.DirFS("../.."))
		p := path.Dir(tt.at)
		read[p] = append(read[p], imported{tt.at, tt.imports, strings.HasSuffix(tt.at, "_test.go")})
		before, after := readImports(t, os.DirFS("../..")).violations(), read.violations()
		added := strings.Join(slices.DeleteFunc(after, func(v string) bool { return slices.Contains(before, v) }), "\n")
		if tt.want == "" && added != "" || !strings.Contains(added, tt.want) {
			t.Errorf("%s: found %q, want %q", tt.name, added, tt.want)
		}
	}
}

// readImports reads all sources with the parser, so that the test cache knows
// which files the test depends on.
func readImports(t *testing.T, root fs.FS) imports {
	t.Helper()
	read := imports{}
	for _, top := range []string{"functions", "shared", "tests"} {
		err := fs.WalkDir(root, top, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() && entry.Name() == "testdata" {
				return skip(err)
			}
			if entry.IsDir() || path.Ext(name) != ".go" {
				return nil
			}
			source, err := fs.ReadFile(root, name)
			if err != nil {
				return err
			}
			return read.add(name, source)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return read
}

func skip(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}

func (i imports) add(name string, source []byte) error {
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
	if err != nil {
		return err
	}
	p := path.Dir(name)
	i[p] = append(i[p], imported{file: name, inTest: strings.HasSuffix(name, "_test.go")})
	for _, spec := range file.Imports {
		imports, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		i[p] = append(i[p], imported{name, imports, strings.HasSuffix(name, "_test.go")})
	}
	return nil
}

func packagesOf(i imports) []string {
	var names []string
	for name := range i {
		names = append(names, name)
	}
	return slices.Sorted(slices.Values(names))
}

func (i imports) violations() []string {
	var wrong []string
	for _, p := range packagesOf(i) {
		allowed, ok := roomOf(p)
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s is not in the table of rooms", p))
			continue
		}
		for _, used := range i[p] {
			if used.path != "" && !permitted(p, used, allowed) {
				wrong = append(wrong, fmt.Sprintf("%s may not import %s (%s)", p, used.path, used.file))
			}
		}
		if strings.HasSuffix(p, "/lambda") {
			wrong = append(wrong, i.deployedFrom(p)...)
		}
	}
	return wrong
}

// roomOf finds the package's line of the table; its own goes before a pattern.
func roomOf(p string) ([]string, bool) {
	if allowed, ok := rooms[p]; ok {
		return allowed, true
	}
	for room, allowed := range rooms {
		if within(p, room) {
			return allowed, true
		}
	}
	return nil, false
}

// within reports whether the package is meant by the name of a room: the name
// itself, * for one segment, /... for everything below.
func within(p, room string) bool {
	if top, ok := strings.CutSuffix(room, "/..."); ok {
		return p == top || strings.HasPrefix(p, top+"/")
	}
	matched, err := path.Match(room, p)
	return matched && err == nil
}

func permitted(p string, used imported, allowed []string) bool {
	name, ours := strings.CutPrefix(used.path, module)
	if !ours && !strings.Contains(strings.Split(used.path, "/")[0], ".") { // of the standard library
		return used.inTest || !slices.Contains(domain, p) || !slices.Contains(outsideDomain, used.path)
	}
	if strings.HasSuffix(p, "/lambda") && name == path.Dir(p) {
		return true // what it wires
	}
	if !used.inTest && sideways(p, name) {
		return false
	}
	if used.inTest {
		allowed = slices.Concat(allowed, inTests)
	}
	return slices.ContainsFunc(allowed, func(a string) bool { return within(name, a) })
}

// sideways reports whether p imports another function. The one that runs all of
// them on a development machine may, and what reads the rows of imports as another
// dialect does, which a main may wire.
func sideways(p, imports string) bool {
	if strings.HasSuffix(p, "/lambda") && imports == "functions/imports/rows" {
		return false
	}
	function, of := functionOf(p), functionOf(imports)
	return function != "" && of != "" && function != of && function != "local" && p != "functions/imports/rows"
}

// functionOf is the function that a package belongs to, or empty.
func functionOf(p string) string {
	rest, ok := strings.CutPrefix(p, "functions/")
	if !ok {
		return ""
	}
	function, _, _ := strings.Cut(rest, "/")
	return function
}

// deployedFrom follows the imports of a function and says what must not be there.
func (i imports) deployedFrom(function string) []string {
	var wrong []string
	seen := map[string]bool{}
	var follow func(p string)
	follow = func(p string) {
		for _, used := range i[p] {
			if used.path == "" || used.inTest || seen[used.path] {
				continue
			}
			seen[used.path] = true
			if slices.ContainsFunc(neverDeployed, func(n string) bool { return within(used.path, n+"/...") }) {
				wrong = append(wrong, fmt.Sprintf("%s reaches %s by %s", function, used.path, used.file))
			}
			if name, ours := strings.CutPrefix(used.path, module); ours {
				follow(name)
			}
		}
	}
	follow(function)
	return wrong
}
