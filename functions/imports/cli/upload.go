package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

const (
	// inOne is how large a file may be that is uploaded in one request, partSize how
	// large a part of a larger one is; S3 takes 10,000 parts.
	inOne    = 16 << 20
	partSize = 16 << 20
	maxParts = 10_000
)

// put uploads the file and returns its version.
func (d *deployment) put(ctx context.Context, o order, s *screen) (string, error) {
	file, err := os.Open(o.file)
	if err != nil {
		return "", err
	}
	defer file.Close()
	stat, err := file.Stat()
	if err != nil {
		return "", err
	}
	if !stat.Mode().IsRegular() {
		return "", fmt.Errorf("%s is no file", o.file)
	}
	key := o.key()
	if stat.Size() <= inOne {
		out, err := d.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &d.bucketName, Key: &key, Body: file, Metadata: o.options})
		if err != nil {
			return "", d.failed(err)
		}
		return aws.ToString(out.VersionId), nil
	}
	return d.putParts(ctx, file, stat.Size(), &s3.CreateMultipartUploadInput{Bucket: &d.bucketName, Key: &key, Metadata: o.options}, s)
}

// putParts uploads a large file in parts. An upload that fails is taken back.
func (d *deployment) putParts(ctx context.Context, file io.Reader, size int64, in *s3.CreateMultipartUploadInput, s *screen) (string, error) {
	begun, err := d.client.CreateMultipartUpload(ctx, in)
	if err != nil {
		return "", d.failed(err)
	}
	done, err := d.sendParts(ctx, file, size, in, begun.UploadId, s)
	if err != nil {
		_, _ = d.client.AbortMultipartUpload(context.WithoutCancel(ctx), &s3.AbortMultipartUploadInput{
			Bucket: in.Bucket, Key: in.Key, UploadId: begun.UploadId,
		}) // the bucket forgets it after some days
		return "", d.failed(err)
	}
	out, err := d.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
		Bucket: in.Bucket, Key: in.Key, UploadId: begun.UploadId, MultipartUpload: &done,
	})
	if err != nil {
		return "", d.failed(err)
	}
	return aws.ToString(out.VersionId), nil
}

func (d *deployment) sendParts(ctx context.Context, file io.Reader, size int64, in *s3.CreateMultipartUploadInput, id *string, s *screen) (types.CompletedMultipartUpload, error) {
	var done types.CompletedMultipartUpload
	part := make([]byte, max(partSize, (size+maxParts-1)/maxParts))
	began, sent := time.Now(), int64(0)
	for n := int32(1); sent < size; n++ {
		length, err := io.ReadFull(file, part[:min(int64(len(part)), size-sent)])
		if err != nil {
			return done, err
		}
		out, err := d.client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: in.Bucket, Key: in.Key, UploadId: id, PartNumber: &n, Body: bytes.NewReader(part[:length]),
		})
		if err != nil {
			return done, err
		}
		done.Parts = append(done.Parts, types.CompletedPart{ETag: out.ETag, PartNumber: &n})
		sent += int64(length)
		s.progress("%s uploading, %d of %d MB%s", bar(sent, size), sent>>20, size>>20, left(began, sent>>20, size>>20, "MB"))
	}
	return done, nil
}

// failed says what can be done about an upload that failed.
func (d *deployment) failed(err error) error {
	if errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("there is no bucket at %s: start it with `make run`, or name its port with S3_PORT=", d.s3)
	}
	return fmt.Errorf("upload: %w", err)
}
