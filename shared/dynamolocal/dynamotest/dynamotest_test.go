package dynamotest_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/shared/dynamolocal/dynamotest"
)

func TestTable(t *testing.T) {
	client := dynamotest.Client(t)
	names := map[string]bool{}
	for range 2 {
		t.Run("each test has its own", func(t *testing.T) {
			name := dynamotest.Table(t)
			if names[name] {
				t.Errorf("table %s was handed out twice", name)
			}
			names[name] = true
			if _, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(name)}); err != nil {
				t.Error(err)
			}
		})
	}
	for name := range names {
		if _, err := client.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(name)}); err == nil {
			t.Errorf("table %s outlives its test", name)
		}
	}
}
