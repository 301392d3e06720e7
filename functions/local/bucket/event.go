package bucket

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"regulars/shared/errs"
)

// A Handler is a Lambda function with messages of SQS.
type Handler func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error)

const (
	// handledAtOnce is how many uploads are handled side by side, handleTime how
	// long that may take.
	handledAtOnce = 4
	handleTime    = time.Minute
	// maxReceives is how often an upload is handled in vain. It is handled again
	// when the next process starts.
	maxReceives = 5
)

// Run has uploads handled until ctx is done, those first that a process before did
// not handle.
func (s *Server) Run(ctx context.Context) {
	var workers sync.WaitGroup
	defer workers.Wait()
	for range handledAtOnce {
		workers.Go(func() {
			for {
				v, ok := s.next(ctx)
				if !ok {
					return
				}
				s.handle(ctx, v)
			}
		})
	}
}

// created takes an upload in, to be handled.
func (s *Server) created(v version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, v)
	s.arrived.Signal()
}

// next is the next upload to handle, or false once ctx is done.
func (s *Server) next(ctx context.Context) (version, bool) {
	defer context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.arrived.Broadcast()
	})()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.waiting) == 0 && ctx.Err() == nil {
		s.arrived.Wait()
	}
	if ctx.Err() != nil {
		return version{}, false
	}
	v := s.waiting[0]
	s.waiting = s.waiting[1:]
	return v, true
}

// handle has one upload handled, with a growing pause after each time in vain.
func (s *Server) handle(ctx context.Context, v version) {
	for n := range maxReceives {
		err := s.handleOnce(ctx, v)
		if err == nil {
			err = s.folder.handled(v)
		}
		if err == nil || ctx.Err() != nil {
			return
		}
		s.options.Log.ErrorContext(ctx, "upload not handled", "version", v.ID, "err", err)
		if !errs.Wait(ctx, time.Second<<n) {
			return
		}
	}
}

func (s *Server) handleOnce(ctx context.Context, v version) error {
	ctx, cancel := context.WithTimeout(ctx, handleTime)
	defer cancel()
	e, err := Event(s.options.Name, v.Key, v.ID, hex.EncodeToString(v.MD5), v.Size, v.Modified)
	if err != nil {
		return err
	}
	answer, err := s.options.Handle(ctx, e)
	if err == nil && len(answer.BatchItemFailures) > 0 {
		err = errComesAgain
	}
	return err
}

var errComesAgain = errors.New("the message must come again")

// Event is what SQS delivers of an upload: one message, with the event of S3. The
// sequencer is the version, which grows.
func Event(bucket, key, version, etag string, size int64, at time.Time) (events.SQSEvent, error) {
	told, err := json.Marshal(events.S3Event{Records: []events.S3EventRecord{{
		EventVersion: "2.1", EventSource: "aws:s3", AWSRegion: "us-east-1", EventTime: at, EventName: "ObjectCreated:Put",
		S3: events.S3Entity{
			SchemaVersion: "1.0", ConfigurationID: "Imports",
			Bucket: events.S3Bucket{Name: bucket, Arn: "arn:aws:s3:::" + bucket},
			Object: events.S3Object{Key: escaped(key), Size: size, ETag: etag, VersionID: version, Sequencer: strings.ToUpper(version)},
		},
	}}})
	return events.SQSEvent{Records: []events.SQSMessage{{
		MessageId: version, ReceiptHandle: version, Body: string(told), EventSource: "aws:sqs", AWSRegion: "us-east-1",
	}}}, err
}

// escaped is a key as S3 writes it in events: as in a query, but with slashes.
func escaped(key string) string { return strings.ReplaceAll(url.QueryEscape(key), "%2F", "/") }
