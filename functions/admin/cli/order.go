package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

const (
	targetLocal     = "local"
	targetAWS       = "aws"
	defaultPort     = "3000"
	defaultFunction = "regulars-admin"
)

// An order is what the command line asks for.
type order struct {
	action     string
	parameters map[string]string // by their names in the call
	target     string            // targetLocal or targetAWS
	port       string            // of the local process
	function   string            // name of the deployed one
}

var variable = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// parse reads arguments of the form NAME=VALUE. ACTION, TARGET, PORT and
// FUNCTION_NAME may stand in the environment instead; all else is a parameter of
// the action.
func parse(args []string, getenv func(string) string) (order, error) {
	given := make(map[string]string, len(args))
	for _, arg := range args {
		name, value, found := strings.Cut(arg, "=")
		if !found || !variable.MatchString(name) {
			return order{}, fmt.Errorf("%.50q is not of the form NAME=VALUE with a name in capitals", arg)
		}
		given[name] = value
	}
	own := func(name, otherwise string) string {
		value, found := given[name]
		delete(given, name)
		if !found {
			value = getenv(name)
		}
		if value == "" {
			return otherwise
		}
		return value
	}
	o := order{
		action: own("ACTION", ""), target: own("TARGET", targetLocal),
		port: own("PORT", defaultPort), function: own("FUNCTION_NAME", defaultFunction),
		parameters: make(map[string]string, len(given)),
	}
	for name, value := range given {
		o.parameters[strings.ToLower(name)] = value
	}
	if o.target != targetLocal && o.target != targetAWS {
		return order{}, fmt.Errorf("TARGET=%.50s: there are %s (the default) and %s", o.target, targetLocal, targetAWS)
	}
	return o, nil
}

// call is the order as the handler takes it, with the name of who calls for the audit
// trail, if there is one.
func (o order) call(by string) ([]byte, error) {
	members := make(map[string]string, len(o.parameters)+2)
	for name, value := range o.parameters {
		members[name] = value
	}
	members["action"] = o.action
	if by != "" {
		members["by"] = by
	}
	return json.Marshal(members)
}
