package whole_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"regulars/shared/dynamolocal"
)

// The template bounds floods, keeps what says what went wrong, and says at deploy
// whether anybody is told of alarms.
func TestTemplateIsReadyForABadDay(t *testing.T) {
	root, err := dynamolocal.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Parameters map[string]struct {
			Default any `yaml:"Default"`
		} `yaml:"Parameters"`
		Resources map[string]struct {
			Type                string `yaml:"Type"`
			DeletionPolicy      string `yaml:"DeletionPolicy"`
			UpdateReplacePolicy string `yaml:"UpdateReplacePolicy"`
			Properties          struct {
				DefaultRouteSettings map[string]any `yaml:"DefaultRouteSettings"`
			} `yaml:"Properties"`
		} `yaml:"Resources"`
		Outputs map[string]any `yaml:"Outputs"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	kept := 0
	for name, r := range file.Resources {
		switch {
		case r.Type == "AWS::Logs::LogGroup", r.Type == "AWS::DynamoDB::Table", r.Type == "AWS::SQS::Queue" && strings.Contains(name, "DeadLetters"):
			if kept++; r.DeletionPolicy != "Retain" || r.UpdateReplacePolicy != "Retain" {
				t.Errorf("%s goes with the stack (%q, %q), want Retain", name, r.DeletionPolicy, r.UpdateReplacePolicy)
			}
		case r.Type == "AWS::Serverless::HttpApi":
			for _, limit := range []string{"ThrottlingRateLimit", "ThrottlingBurstLimit"} {
				if r.Properties.DefaultRouteSettings[limit] == nil {
					t.Errorf("%s has no %s", name, limit)
				}
			}
		}
	}
	if kept < 3 {
		t.Errorf("%d resources hold evidence, want the table, the logs and the dead letters", kept)
	}
	for _, parameter := range []string{"RequestsPerSecond", "RequestBurst"} {
		if file.Parameters[parameter].Default == nil {
			t.Errorf("the parameter %s has no default", parameter)
		}
	}
	if file.Outputs["Alarms"] == nil {
		t.Error("no output says who is told of alarms")
	}
}
