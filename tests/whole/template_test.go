package whole_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/goccy/go-yaml"

	"regulars/functions/altcraft"
	"regulars/functions/console"
	"regulars/functions/genesys"
	"regulars/functions/haravan"
	importsapi "regulars/functions/imports"
	"regulars/functions/mojodex"
	"regulars/shared/httpapi"
)

// A template is what these tests read of template.yaml.
type template struct {
	Globals struct {
		Function functionProperties `yaml:"Function"`
	} `yaml:"Globals"`
	Resources map[string]struct {
		Type       string             `yaml:"Type"`
		Metadata   map[string]string  `yaml:"Metadata"`
		Properties functionProperties `yaml:"Properties"`
	} `yaml:"Resources"`
}

type functionProperties struct {
	CodeURI string `yaml:"CodeUri"`
	Handler string `yaml:"Handler"`
	Runtime string `yaml:"Runtime"`
	Events  map[string]struct {
		Type       string `yaml:"Type"`
		Properties struct {
			Method string `yaml:"Method"`
			Path   string `yaml:"Path"`
		} `yaml:"Properties"`
	} `yaml:"Events"`
}

// dialects are the functions with routes: the paths that they know, in which
// {name} is one segment, and one that is none of them.
var dialects = map[string]struct {
	routes  []string
	unknown string
}{
	"altcraft": {pathsOf(altcraft.Routes), "/api/v1.1/unknown/path"},
	"console":  {pathsOf(console.Routes), "/console/unknown/path"},
	"genesys":  {pathsOf(genesys.Routes), "/metadata/unknown/path"},
	"haravan":  {pathsOf(haravan.Routes), "/loy/unknown/path"},
	"imports":  {pathsOf(importsapi.Routes), "/imports/unknown/path"},
	"mojodex":  {pathsOf(mojodex.Routes), "/unknown/path"},
}

// pathsOf are the paths of a dialect's routes, each once.
func pathsOf[D, C any](routes []httpapi.Route[D, C]) []string {
	var paths []string
	for _, route := range routes {
		if !slices.Contains(paths, route.Path) {
			paths = append(paths, route.Path)
		}
	}
	return paths
}

// routeOf is the one of the routes that a path is of, or empty.
func routeOf(routes []string, path string) string {
	segments := strings.Split(path, "/")
	i := slices.IndexFunc(routes, func(route string) bool {
		return slices.EqualFunc(strings.Split(route, "/"), segments, func(pattern, segment string) bool {
			return pattern == segment || strings.HasPrefix(pattern, "{") && segment != ""
		})
	})
	if i < 0 {
		return ""
	}
	return routes[i]
}

// unrouted are the functions that something else than the API invokes; import are the
// queues of the function imports.
var unrouted = []string{"admin", "audit", "import", "work"}

func readTemplate(t *testing.T) template {
	t.Helper()
	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var read template
	if err := yaml.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// functions are those deployed, by the folder below functions that they are in.
func (f template) functions(t *testing.T) map[string]functionProperties {
	t.Helper()
	found := map[string]functionProperties{}
	for name, resource := range f.Resources {
		if resource.Type != "AWS::Serverless::Function" {
			continue
		}
		folder, inFunctions := strings.CutPrefix(resource.Properties.CodeURI, "functions/")
		function, wired := strings.CutSuffix(folder, "/lambda")
		if !inFunctions || !wired {
			t.Errorf("%s: CodeUri = %s, want functions/.../lambda", name, resource.Properties.CodeURI)
		}
		if resource.Metadata["BuildMethod"] != "go1.x" {
			t.Errorf("%s: BuildMethod = %q, want go1.x", name, resource.Metadata["BuildMethod"])
		}
		if resource.Properties.Handler != "" || resource.Properties.Runtime != "" {
			t.Errorf("%s has a handler or runtime of its own, want that of Globals", name)
		}
		found[function] = resource.Properties
	}
	return found
}

// What is in functions is deployed, all but local, and nothing else is.
func TestFunctionsAreDeployed(t *testing.T) {
	t.Parallel()
	read := readTemplate(t)
	if g := read.Globals.Function; g.Handler != "bootstrap" || g.Runtime != "provided.al2023" {
		t.Errorf("Globals have %s on %s, want bootstrap on provided.al2023", g.Handler, g.Runtime)
	}
	mains, err := filepath.Glob("../../functions/*/lambda/main.go")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, main := range mains {
		want = append(want, filepath.Base(filepath.Dir(filepath.Dir(main))))
	}
	deployed := read.functions(t)
	for _, function := range want {
		if _, ok := deployed[function]; !ok {
			t.Errorf("functions/%s/lambda is not in template.yaml", function)
		}
		_, routed := dialects[function]
		if !routed && !slices.Contains(unrouted, function) {
			t.Errorf("functions/%s is neither a dialect nor invoked otherwise; say which in this file", function)
		}
	}
	for function, properties := range deployed {
		if !slices.Contains(want, function) {
			t.Errorf("template.yaml deploys functions/%s/lambda, which is not there", function)
		}
		if _, routed := dialects[function]; routed != (len(properties.paths()) > 0) {
			t.Errorf("template.yaml gives %s the paths %v; is it a dialect?", function, properties.paths())
		}
	}
}

// paths are those of the API that lead to the function.
func (p functionProperties) paths() []string {
	var paths []string
	for _, event := range p.Events {
		if event.Type == "HttpApi" {
			paths = append(paths, cmp.Or(event.Properties.Path, everythingElse))
		}
	}
	return slices.Sorted(slices.Values(paths))
}

// everythingElse is the path of an API that leads on what no other path does.
const everythingElse = "$default"

// reached is the function that an API sends a request to.
func reached(deployed map[string]functionProperties, request string) string {
	other := ""
	for function, properties := range deployed {
		for _, path := range properties.paths() {
			if path == everythingElse {
				other = function
			} else if leads(path, request) {
				return function
			}
		}
	}
	return other
}

// leads reports whether an API with that path would send a request there.
func leads(path, request string) bool {
	if top, greedy := strings.CutSuffix(path, "{proxy+}"); greedy {
		return strings.HasPrefix(request, top) && len(request) > len(top)
	}
	return path == request
}

// Each route is reached through the template, by every verb, and only its own
// dialect is.
func TestRoutesAreReached(t *testing.T) {
	t.Parallel()
	deployed := readTemplate(t).functions(t)
	for dialect, d := range dialects {
		for _, event := range deployed[dialect].Events {
			if event.Type == "HttpApi" && event.Properties.Path != "" && event.Properties.Method != "ANY" {
				t.Errorf("%s: %s is for %s only, want ANY: a wrong verb is answered by the dialect", dialect, event.Properties.Path, event.Properties.Method)
			}
		}
		if len(d.routes) == 0 {
			t.Errorf("%s has no routes", dialect)
		}
		for _, path := range append(slices.Clone(d.routes), d.unknown) {
			if got := reached(deployed, path); got != dialect {
				t.Errorf("%s reaches %s, want %s", path, got, dialect)
			}
		}
	}
}

// With an issuer the gateway asks for its JWT on all paths of the console, and on no
// other.
func TestConsoleJWT(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	type scheme struct {
		Type       string `yaml:"type"`
		Authorizer struct {
			Type   string         `yaml:"type"`
			Source string         `yaml:"identitySource"`
			JWT    map[string]any `yaml:"jwtConfiguration"`
		} `yaml:"x-amazon-apigateway-authorizer"`
	}
	var read struct {
		Resources struct {
			API struct {
				Properties struct {
					Body struct {
						Paths      map[string]map[string]struct{ Security []any }
						Components struct {
							Schemes map[string][]any `yaml:"securitySchemes"`
						} `yaml:"components"`
					} `yaml:"DefinitionBody"`
				} `yaml:"Properties"`
			} `yaml:"Api"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	body := read.Resources.API.Properties.Body
	var guarded []string
	for path, methods := range body.Paths {
		choice := methods["x-amazon-apigateway-any-method"].Security // condition, then, else
		if len(choice) != 3 || choice[0] != "HasConsoleIssuer" || fmt.Sprint(choice[1]) != "[map[ConsoleJwt:[]]]" {
			t.Errorf("%s: security = %v", path, choice)
		}
		guarded = append(guarded, path)
	}
	slices.Sort(guarded)
	if want := readTemplate(t).functions(t)["console"].paths(); !slices.Equal(guarded, want) {
		t.Errorf("a JWT is asked for on %v, want %v", guarded, want)
	}
	choice := body.Components.Schemes["ConsoleJwt"]
	if len(choice) != 3 || choice[0] != "HasConsoleIssuer" {
		t.Fatalf("the scheme is %v", choice)
	}
	document, err := yaml.Marshal(choice[1])
	if err != nil {
		t.Fatal(err)
	}
	var s scheme
	if err := yaml.Unmarshal(document, &s); err != nil {
		t.Fatal(err)
	}
	if a := s.Authorizer; s.Type != "oauth2" || a.Type != "jwt" || a.Source != "$request.header.${ConsoleJwtHeader}" || a.JWT["issuer"] != "ConsoleIssuer" || a.JWT["audience"] == nil {
		t.Errorf("the scheme is %+v", s)
	}
}

// Each route has an event, each event is one of a route or of another trigger,
// and an unknown path has one, too.
func TestEventsAreOfRoutes(t *testing.T) {
	t.Parallel()
	deployed := readTemplate(t).functions(t)
	files, err := filepath.Glob("../../events/*.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{} // event by path, or by function where it has none
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		function, _, _ := strings.Cut(name, "-")
		d, routed := dialects[function]
		if !routed {
			if !slices.Contains(unrouted, function) {
				t.Errorf("%s begins with no function's name", file)
			}
			seen[function] = name
			continue
		}
		e := readEvent(t, file)
		route := routeOf(d.routes, e.RawPath)
		seen[route] = name
		if known := route != ""; known == strings.HasSuffix(name, "-unknown") {
			t.Errorf("%s is about %s; known is %t", name, e.RawPath, known)
		}
		if !slices.Contains(deployed[function].paths(), strings.TrimPrefix(e.RouteKey, "ANY ")) || reached(deployed, e.RawPath) != function {
			t.Errorf("%s came by %q, which is not in the template or does not lead to %s", name, e.RouteKey, e.RawPath)
		}
	}
	for dialect, d := range dialects {
		if dialect == "console" { // whose pages browsers ask for; tests/console plays them
			continue
		}
		for _, route := range d.routes {
			if seen[route] == "" {
				t.Errorf("%s has no event in events/", route)
			}
		}
		if _, err := os.Stat("../../events/" + dialect + "-unknown.json"); err != nil {
			t.Errorf("%s has no event of an unknown path: %v", dialect, err)
		}
	}
	for _, function := range unrouted {
		if seen[function] == "" {
			t.Errorf("functions/%s has no event in events/", function)
		}
	}
}

// readEvent reads an event as API Gateway sends it, and demands that it is
// whole: unknown members would be ones that it does not send.
func readEvent(t *testing.T, file string) events.APIGatewayV2HTTPRequest {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	var e events.APIGatewayV2HTTPRequest
	if err := decoder.Decode(&e); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	c := e.RequestContext
	if e.Version != "2.0" || c.HTTP.Path != e.RawPath || c.RouteKey != e.RouteKey || c.Stage != "$default" || c.RequestID == "" || c.HTTP.Method == "" {
		t.Errorf("%s is not whole: %+v", file, e)
	}
	if e.Body != "" && !json.Valid([]byte(e.Body)) || e.IsBase64Encoded {
		t.Errorf("%s: the body is not plain JSON", file)
	}
	return e
}

// Of the Genesys dialect each method of a path has an event.
func TestGenesysEvents(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../events/genesys-*.json")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, file := range files {
		e := readEvent(t, file)
		seen[e.RequestContext.HTTP.Method+" "+routeOf(pathsOf(genesys.Routes), e.RawPath)] = true
	}
	for _, route := range genesys.Routes {
		if !seen[route.Method+" "+route.Path] {
			t.Errorf("%s %s has no event in events/", route.Method, route.Path)
		}
	}
}
