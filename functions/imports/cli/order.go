package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	targetLocal     = "local"
	targetAWS       = "aws"
	defaultPort     = "3000"
	defaultFunction = "regulars-imports"
	defaultToken    = "reg_local_demo" // #nosec G101 -- of make run, and public
)

// What the command line may ask for.
const (
	doUpload = "upload"
	doWatch  = "watch"
	doCancel = "cancel"
	doUndo   = "undo"
	doPlan   = "plan"
)

// An order is what the command line asks for.
type order struct {
	does       string // empty: nothing
	id         string // of the import; empty for doUpload
	file       string
	tenant     int
	options    map[string]string // of the import, as metadata of the file
	target     string            // targetLocal or targetAWS
	port       string            // of the local process
	s3         string            // address of the local bucket
	bucketName string            // its name; empty on AWS: the function says
	function   string            // name of the deployed one
	token      string
}

// options are the variables that are options of an import.
var options = map[string]string{
	"MATCHING": "matching", "FIELD_NAME": "field-name", "RESOURCE_ID": "resource-id", "DELIMITER": "delimiter",
	"CHARSET": "charset", "EMPTY": "empty", "MAPPING": "mapping", "DRY_RUN": "dry-run", "STOP_AFTER": "stop-after",
}

var variable = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

// parse reads arguments of the form NAME=VALUE. TARGET, TOKEN and where to may stand
// in the environment instead.
func parse(args []string, getenv func(string) string) (order, error) {
	given := make(map[string]string, len(args))
	for _, arg := range args {
		name, value, found := strings.Cut(arg, "=")
		if !found || !variable.MatchString(name) {
			return order{}, fmt.Errorf("%.50q is not of the form NAME=VALUE with a name in capitals", arg)
		}
		given[name] = value
	}
	take := func(name string) string {
		value := given[name]
		delete(given, name)
		return value
	}
	own := func(name, otherwise string) string { return cmp.Or(take(name), getenv(name), otherwise) }
	o := order{
		target: own("TARGET", targetLocal), port: own("PORT", defaultPort), function: own("FUNCTION_NAME", defaultFunction),
		token: own("TOKEN", ""), bucketName: own("IMPORT_BUCKET", ""), s3: own("S3_ENDPOINT", ""), options: map[string]string{},
	}
	s3Port := own("S3_PORT", "")
	switch o.target {
	case targetLocal:
		o.token, o.bucketName = cmp.Or(o.token, defaultToken), cmp.Or(o.bucketName, "imports")
		port, err := strconv.Atoi(o.port)
		if err != nil {
			return order{}, fmt.Errorf("PORT=%.20s is not a number", o.port)
		}
		o.s3 = cmp.Or(o.s3, "http://localhost:"+cmp.Or(s3Port, strconv.Itoa(port+1)))
	case targetAWS:
		if o.token == "" {
			return order{}, errors.New("TARGET=aws needs TOKEN, a token with the scopes imports.read and imports.run")
		}
	default:
		return order{}, fmt.Errorf("TARGET=%.50s: there are %s (the default) and %s", o.target, targetLocal, targetAWS)
	}
	if tenant := take("TENANT"); tenant != "" {
		var err error
		if o.tenant, err = strconv.Atoi(tenant); err != nil || o.tenant < 1 {
			return order{}, fmt.Errorf("TENANT=%.20s is not the number of a tenant", tenant)
		}
	}
	plan := isOn(take("PLAN"))
	for does, name := range map[string]string{doUpload: "FILE", doWatch: "ID", doCancel: "CANCEL", doUndo: "UNDO"} {
		value := take(name)
		if value == "" {
			continue
		}
		if o.does != "" {
			return order{}, errors.New("give one of FILE, ID, CANCEL and UNDO")
		}
		if o.does, o.id = does, value; does == doUpload {
			o.file, o.id = value, ""
		}
	}
	for name, option := range options {
		if value := take(name); value != "" {
			o.options[option] = value
		}
	}
	if dry, ok := o.options["dry-run"]; ok {
		o.options["dry-run"] = strconv.FormatBool(isOn(dry))
	}
	for name := range given {
		return order{}, fmt.Errorf("there is no %.50s; `make import` alone says what there is", name)
	}
	switch {
	case o.does == doUpload && o.tenant == 0:
		return order{}, errors.New("FILE needs TENANT, the number of a tenant")
	case o.does != doUpload && len(o.options) > 0:
		return order{}, errors.New("options are for FILE")
	case o.does == doUndo && plan:
		o.does = doPlan
	case plan:
		return order{}, errors.New("PLAN is for UNDO")
	}
	return o, nil
}

// isOn reads a switch.
func isOn(value string) bool {
	return slices.Contains([]string{"1", "true", "yes"}, strings.ToLower(value))
}

// key is that of the file in the bucket.
func (o order) key() string {
	return fmt.Sprintf("imports/tenant=%d/%s", o.tenant, filepath.Base(o.file))
}

// readMapping uploads the mapping where MAPPING names a file of this machine.
func (o order) readMapping(ctx context.Context, d *deployment) error {
	name := o.options["mapping"]
	if name == "" {
		return nil
	}
	document, err := os.ReadFile(name) // #nosec G304 -- the caller names a file of their own
	if errors.Is(err, os.ErrNotExist) {
		return nil // one that was uploaded before
	}
	if err != nil {
		return err
	}
	o.options["mapping"] = filepath.Base(name)
	return d.bucket.Put(ctx, fmt.Sprintf("mappings/tenant=%d/%s", o.tenant, filepath.Base(name)), document, "application/json")
}
