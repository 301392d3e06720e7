// Command cli is make audit, make export and make restore. It is run by operators, with rights that no
// function has.
package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/functions/local/anchorkey"
	"regulars/functions/local/table"
	"regulars/shared/anchor"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal"
	"regulars/shared/kmssigner"
)

func main() {
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

// run does what the first argument says. By the environment: TABLE_NAME; TENANT and FILE
// of an export or a restore; ANCHOR_KEY, the key in KMS that signs anchors; TARGET=aws for a table on AWS, else DYNAMODB_ENDPOINT or the
// data of make run, which must not run meanwhile.
func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: table audit, table export or table restore")
	}
	store, stop, err := open(ctx, getenv)
	if err != nil {
		return err
	}
	defer stop()
	switch args[0] {
	case "audit":
		key, err := anchorsKey(ctx, getenv)
		if err != nil {
			return err
		}
		return table.Audit(ctx, store, key, out)
	case "export":
		tenant, err := strconv.Atoi(getenv("TENANT"))
		if err != nil || getenv("FILE") == "" {
			return errors.New("make export needs TENANT=number and FILE=name")
		}
		return exportTo(ctx, store, tenant, getenv("FILE"), out)
	case "restore":
		if getenv("FILE") == "" {
			return errors.New("make restore needs FILE=name")
		}
		file, err := os.Open(getenv("FILE"))
		if err != nil {
			return err
		}
		defer file.Close()
		tenant, n, err := table.Restore(ctx, store, file)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "tenant %d restored, %d items\n", tenant, n)
		key, err := anchorsKey(ctx, getenv)
		if err != nil {
			return err
		}
		return table.Audit(ctx, store, key, out)
	}
	return fmt.Errorf("there is no %q", args[0])
}

// exportTo writes a file that is there once it is whole.
func exportTo(ctx context.Context, store *dynamo.Store, tenant int, name string, out io.Writer) error {
	file, err := os.OpenFile(name+".part", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	w := bufio.NewWriter(file)
	n, err := table.Export(ctx, store, tenant, w)
	if err := errors.Join(err, w.Flush(), file.Sync()); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d items of tenant %d are in %s\n", n, tenant, name)
	return os.Rename(name+".part", name)
}

// anchorsKey is the key that signs anchors; nil: it is not known.
func anchorsKey(ctx context.Context, getenv func(string) string) (*ecdsa.PublicKey, error) {
	var signer anchor.Signer
	switch name := getenv("ANCHOR_KEY"); {
	case name != "":
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, err
		}
		signer = kmssigner.New(cfg, name)
	case getenv("TARGET") == "aws":
		return nil, nil
	default:
		dir, err := dataDir(getenv)
		if err != nil {
			return nil, err
		}
		key, err := anchorkey.Read(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		signer = key
	}
	der, err := signer.PublicKey(ctx)
	if err != nil {
		return nil, fmt.Errorf("the key of anchors: %w", err)
	}
	return anchor.ParseKey(der)
}

// dataDir is where make run keeps its data.
func dataDir(getenv func(string) string) (string, error) {
	root, err := dynamolocal.Root()
	return cmp.Or(getenv("DATA"), filepath.Join(root, ".cache", "data")), err
}

// open makes a store on the table, and what ends it.
func open(ctx context.Context, getenv func(string) string) (store *dynamo.Store, stop func(), err error) {
	name := cmp.Or(getenv("TABLE_NAME"), "regulars")
	if getenv("TARGET") == "aws" {
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, nil, err
		}
		return dynamo.New(dynamodb.NewFromConfig(cfg), name, time.Now), func() {}, nil
	}
	root, err := dynamolocal.Root()
	if err != nil {
		return nil, nil, err
	}
	endpoint, stop := getenv("DYNAMODB_ENDPOINT"), func() {}
	if endpoint == "" {
		data, err := dataDir(getenv)
		if err != nil {
			return nil, nil, err
		}
		db, err := dynamolocal.Start(ctx, dynamolocal.Options{Root: root, Dir: data})
		if err != nil {
			return nil, nil, err
		}
		endpoint, stop = db.Endpoint(), db.Stop
	}
	definition, err := dynamolocal.Definition(filepath.Join(root, "template.yaml"))
	if err != nil {
		return nil, nil, err
	}
	db := dynamolocal.Client(endpoint)
	if _, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(name)}); err != nil {
		if err := dynamolocal.Create(ctx, db, name, definition); err != nil {
			return nil, nil, err
		}
	}
	return dynamo.New(db, name, time.Now), stop, nil
}
