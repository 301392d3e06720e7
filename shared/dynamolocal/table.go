package dynamolocal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/goccy/go-yaml"
)

// A Table is what a local table takes from template.yaml: keys, indexes,
// billing and the attribute of the time to live. Backups, protection and tags
// have no meaning here.
type Table struct {
	dynamodb.CreateTableInput        // without a name
	TTL                       string // empty: items do not expire
}

// Definition reads the one table of the template.
func Definition(template string) (Table, error) {
	text, err := os.ReadFile(template)
	if err != nil {
		return Table{}, err
	}
	var file struct {
		Resources map[string]struct {
			Type       string          `yaml:"Type"`
			Properties tableProperties `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return Table{}, fmt.Errorf("%s: %w", template, err)
	}
	var found []Table
	for _, resource := range file.Resources {
		if resource.Type == "AWS::DynamoDB::Table" {
			found = append(found, resource.Properties.table())
		}
	}
	if len(found) != 1 {
		return Table{}, fmt.Errorf("%s defines %d tables, want one", template, len(found))
	}
	return found[0], nil
}

// tableProperties are those of an AWS::DynamoDB::Table.
type tableProperties struct {
	AttributeDefinitions []struct {
		AttributeName string                    `yaml:"AttributeName"`
		AttributeType types.ScalarAttributeType `yaml:"AttributeType"`
	} `yaml:"AttributeDefinitions"`
	KeySchema              keyProperties `yaml:"KeySchema"`
	GlobalSecondaryIndexes []struct {
		IndexName  string        `yaml:"IndexName"`
		KeySchema  keyProperties `yaml:"KeySchema"`
		Projection struct {
			ProjectionType types.ProjectionType `yaml:"ProjectionType"`
		} `yaml:"Projection"`
	} `yaml:"GlobalSecondaryIndexes"`
	BillingMode             types.BillingMode `yaml:"BillingMode"`
	TimeToLiveSpecification struct {
		AttributeName string `yaml:"AttributeName"`
		Enabled       bool   `yaml:"Enabled"`
	} `yaml:"TimeToLiveSpecification"`
}

type keyProperties []struct {
	AttributeName string        `yaml:"AttributeName"`
	KeyType       types.KeyType `yaml:"KeyType"`
}

func (p tableProperties) table() Table {
	var t Table
	t.BillingMode = p.BillingMode
	t.KeySchema = p.KeySchema.elements()
	for _, a := range p.AttributeDefinitions {
		t.AttributeDefinitions = append(t.AttributeDefinitions, types.AttributeDefinition{
			AttributeName: aws.String(a.AttributeName),
			AttributeType: a.AttributeType,
		})
	}
	for _, index := range p.GlobalSecondaryIndexes {
		t.GlobalSecondaryIndexes = append(t.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName:  aws.String(index.IndexName),
			KeySchema:  index.KeySchema.elements(),
			Projection: &types.Projection{ProjectionType: index.Projection.ProjectionType},
		})
	}
	if p.TimeToLiveSpecification.Enabled {
		t.TTL = p.TimeToLiveSpecification.AttributeName
	}
	return t
}

func (p keyProperties) elements() []types.KeySchemaElement {
	var elements []types.KeySchemaElement
	for _, k := range p {
		elements = append(elements, types.KeySchemaElement{
			AttributeName: aws.String(k.AttributeName),
			KeyType:       k.KeyType,
		})
	}
	return elements
}

// Create makes the table under a name. A table that is there already is kept
// if its keys and indexes are those of t; if not, the error names the
// difference.
func Create(ctx context.Context, client *dynamodb.Client, name string, t Table) error {
	input := t.CreateTableInput
	input.TableName = aws.String(name)
	_, err := client.CreateTable(ctx, &input)
	if _, exists := errors.AsType[*types.ResourceInUseException](err); exists {
		err = agrees(ctx, client, name, t)
	}
	if err != nil {
		return fmt.Errorf("create table %s: %w", name, err)
	}
	return setTTL(ctx, client, name, t.TTL)
}

// agrees returns an error that names the difference between the table called
// name and t.
func agrees(ctx context.Context, client *dynamodb.Client, name string, t Table) error {
	output, err := client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(name)})
	if err != nil {
		return err
	}
	if got, want := tableOf(output.Table).shape(), t.shape(); got != want {
		return fmt.Errorf("it exists and differs from the template: it has %s, the template says %s", got, want)
	}
	return nil
}

// tableOf puts a table that exists into the form of the template's.
func tableOf(d *types.TableDescription) Table {
	var t Table
	t.KeySchema = d.KeySchema
	t.AttributeDefinitions = d.AttributeDefinitions
	for _, index := range d.GlobalSecondaryIndexes {
		t.GlobalSecondaryIndexes = append(t.GlobalSecondaryIndexes, types.GlobalSecondaryIndex{
			IndexName:  index.IndexName,
			KeySchema:  index.KeySchema,
			Projection: index.Projection,
		})
	}
	return t
}

// shape puts keys and indexes into words that can be compared.
func (t Table) shape() string {
	shape := []string{keyWords("the key", t.KeySchema, t.AttributeDefinitions)}
	for _, index := range t.GlobalSecondaryIndexes {
		name := fmt.Sprintf("%s (%s)", *index.IndexName, index.Projection.ProjectionType)
		shape = append(shape, keyWords(name, index.KeySchema, t.AttributeDefinitions))
	}
	slices.Sort(shape[1:])
	return strings.Join(shape, "; ")
}

// keyWords reads, for example, "gsi1 (KEYS_ONLY) gsi1pk S HASH, gsi1sk S RANGE".
func keyWords(name string, keys []types.KeySchemaElement, attributes []types.AttributeDefinition) string {
	typeOf := map[string]types.ScalarAttributeType{}
	for _, a := range attributes {
		typeOf[*a.AttributeName] = a.AttributeType
	}
	var words []string
	for _, k := range keys {
		words = append(words, fmt.Sprintf("%s %s %s", *k.AttributeName, typeOf[*k.AttributeName], k.KeyType))
	}
	return name + " " + strings.Join(words, ", ")
}

// setTTL switches the time to live on, unless it is on already.
func setTTL(ctx context.Context, client *dynamodb.Client, name, attribute string) error {
	if attribute == "" {
		return nil
	}
	output, err := client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(name)})
	if err != nil {
		return fmt.Errorf("time to live of table %s: %w", name, err)
	}
	if aws.ToString(output.TimeToLiveDescription.AttributeName) == attribute {
		return nil
	}
	_, err = client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: aws.String(name),
		TimeToLiveSpecification: &types.TimeToLiveSpecification{
			AttributeName: aws.String(attribute),
			Enabled:       aws.Bool(true),
		},
	})
	if err != nil {
		return fmt.Errorf("time to live of table %s: %w", name, err)
	}
	return nil
}
