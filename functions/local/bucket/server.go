package bucket

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/johannesboyne/gofakes3"
)

// Prefix is that of the keys whose uploads are told of.
const Prefix = "imports/"

// Options are what a server needs. All but Dir are required.
type Options struct {
	// Dir is where the objects are kept; empty: in a folder that [Server.Close]
	// removes.
	Dir string
	// Name is that of the bucket.
	Name string
	// Handle is called with the event of each upload below [Prefix], as SQS delivers
	// it, until it answers that no message must come again.
	Handle Handler
	Log    *slog.Logger
}

// A Server is the bucket over HTTP, as S3 has it. Signatures are not checked.
type Server struct {
	folder  *folder
	http    http.Handler
	options Options
	remove  string // a folder, unless empty

	mu      sync.Mutex
	waiting []version  // uploads to be handled
	arrived *sync.Cond // there is one more
}

// New makes a server. Uploads are handled once [Server.Run] runs.
func New(o Options) (*Server, error) {
	s := &Server{options: o}
	s.arrived = sync.NewCond(&s.mu)
	if o.Dir == "" {
		var err error
		if o.Dir, err = os.MkdirTemp("", "regulars-bucket-"); err != nil {
			return nil, err
		}
		s.remove = o.Dir
	}
	var err error
	if s.folder, err = openFolder(o.Dir, o.Name, s.created); err == nil {
		s.waiting, err = s.folder.unhandled()
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("bucket in %s: %w", o.Dir, err)
	}
	s.http = gofakes3.New(s.folder, gofakes3.WithTimeSkewLimit(0)).Server()
	return s, nil
}

// Close removes what is not to be kept.
func (s *Server) Close() {
	if s.remove != "" {
		os.RemoveAll(s.remove)
	}
}

// ServeHTTP implements [http.Handler]. It does two things that gofakes3 does not: it
// reads bodies in chunks of all sorts, and a HEAD of one version tells of that.
// Whoever mounts it keeps web pages out.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		var err error
		if r, err = unchunked(r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	if r.Method == http.MethodHead && r.URL.Query().Get("versionId") != "" {
		r = r.Clone(r.Context())
		r.Method = http.MethodGet
		w = &headersOnly{ResponseWriter: w}
	}
	s.http.ServeHTTP(w, r)
}

// headersOnly ends an answer where its body begins. The first status stands.
type headersOnly struct {
	http.ResponseWriter
	sent bool
}

func (w *headersOnly) WriteHeader(status int) {
	if !w.sent {
		w.sent = true
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *headersOnly) Write([]byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return 0, errors.New("no body is wanted")
}

// unchunked is an upload whose body came in chunks (aws-chunked), without them:
// signatures and what trails the last one are not looked at.
func unchunked(r *http.Request) (*http.Request, error) {
	size, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil {
		return nil, errors.New("X-Amz-Decoded-Content-Length is not a number")
	}
	plain := r.Clone(r.Context())
	plain.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	plain.Header.Set("Content-Length", strconv.FormatInt(size, 10))
	plain.ContentLength = size
	plain.Header.Del("Content-Encoding")
	if rest := strings.Trim(strings.ReplaceAll(r.Header.Get("Content-Encoding"), "aws-chunked", ""), ", "); rest != "" {
		plain.Header.Set("Content-Encoding", rest)
	}
	plain.Body = struct {
		io.Reader
		io.Closer
	}{&chunks{body: bufio.NewReader(r.Body)}, r.Body}
	return plain, nil
}

// chunks reads a body of chunks: the size in hex, perhaps a semicolon and more, a
// line end; so many bytes; a line end. The last chunk has size 0.
type chunks struct {
	body *bufio.Reader
	left int64 // of the chunk
	read bool  // a chunk was read: a line end follows it
	done bool
}

func (c *chunks) Read(p []byte) (int, error) {
	for c.left == 0 && !c.done {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if c.done {
		return 0, io.EOF
	}
	n, err := c.body.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	if errors.Is(err, io.EOF) && c.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// next begins the next chunk.
func (c *chunks) next() error {
	if c.read {
		if _, err := c.body.Discard(2); err != nil {
			return io.ErrUnexpectedEOF
		}
	}
	line, err := c.body.ReadString('\n')
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	size, _, _ := strings.Cut(strings.TrimSpace(line), ";")
	if c.left, err = strconv.ParseInt(size, 16, 64); err != nil || c.left < 0 {
		return errors.New("a chunk does not begin with its size")
	}
	c.read, c.done = true, c.left == 0
	return nil
}
