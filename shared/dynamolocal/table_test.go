package dynamolocal_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"regulars/shared/dynamolocal"
	"regulars/shared/dynamolocal/dynamotest"
)

func TestDefinition(t *testing.T) {
	key := func(name string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: aws.String(name), KeyType: kind}
	}
	index := func(name string) types.GlobalSecondaryIndex {
		return types.GlobalSecondaryIndex{
			IndexName:  aws.String(name),
			KeySchema:  []types.KeySchemaElement{key(name+"pk", types.KeyTypeHash), key(name+"sk", types.KeyTypeRange)},
			Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly},
		}
	}
	var want dynamolocal.Table
	want.TTL = "ttl"
	want.BillingMode = types.BillingModePayPerRequest
	want.KeySchema = []types.KeySchemaElement{key("pk", types.KeyTypeHash), key("sk", types.KeyTypeRange)}
	want.GlobalSecondaryIndexes = []types.GlobalSecondaryIndex{index("gsi1"), index("gsi2")}
	for _, name := range []string{"pk", "sk", "gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk"} {
		want.AttributeDefinitions = append(want.AttributeDefinitions, types.AttributeDefinition{
			AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS,
		})
	}

	got := definitionOf(t, "template.yaml")
	ignore := cmpopts.IgnoreUnexported(dynamodb.CreateTableInput{}, types.KeySchemaElement{}, types.AttributeDefinition{},
		types.GlobalSecondaryIndex{}, types.Projection{})
	if diff := cmp.Diff(want, got, ignore); diff != "" {
		t.Errorf("definition (-want +got):\n%s", diff)
	}
}

func TestDefinitionRejects(t *testing.T) {
	tests := []struct {
		name, template, want string
	}{
		{"no table", "Resources: {Q: {Type: AWS::SQS::Queue}}", "defines 0 tables"},
		{"two tables", "Resources: {A: {Type: AWS::DynamoDB::Table}, B: {Type: AWS::DynamoDB::Table}}", "defines 2 tables"},
		{"not YAML", "Resources: [", "template.yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "template.yaml")
			write(t, path, tt.template)
			if _, err := dynamolocal.Definition(path); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error = %v, want one that says %q", err, tt.want)
			}
		})
	}
}

func TestCreate(t *testing.T) {
	client := dynamotest.Client(t)
	name := dynamotest.Table(t)
	definition := definitionOf(t, "template.yaml")

	if err := dynamolocal.Create(t.Context(), client, name, definition); err != nil {
		t.Errorf("a table that is there already: %v", err)
	}
	ttl, err := client.DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(name)})
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(ttl.TimeToLiveDescription.AttributeName); got != "ttl" {
		t.Errorf("attribute of the time to live = %q, want %q", got, "ttl")
	}

	t.Run("another definition is refused", func(t *testing.T) {
		other := definition
		other.GlobalSecondaryIndexes = slices.Clone(definition.GlobalSecondaryIndexes)
		other.GlobalSecondaryIndexes[1].Projection = &types.Projection{ProjectionType: types.ProjectionTypeAll}
		err := dynamolocal.Create(t.Context(), client, name, other)
		if err == nil {
			t.Fatal("Create succeeded")
		}
		for _, want := range []string{name, "differs from the template", "gsi2 (KEYS_ONLY) gsi2pk S HASH, gsi2sk S RANGE", "gsi2 (ALL)"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error = %q, want it to say %q", err, want)
			}
		}
	})
}

// definitionOf reads a template of this module.
func definitionOf(t *testing.T, template string) dynamolocal.Table {
	t.Helper()
	definition, err := dynamolocal.Definition(filepath.Join(root(t), template))
	if err != nil {
		t.Fatal(err)
	}
	return definition
}
