package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// A postgres is a server of PostgreSQL of its own, with the settings that it comes
// with, which only this machine's user reaches, through a socket in its folder.
type postgres struct {
	folder  string
	command *exec.Cmd
	pool    *pgxpool.Pool
}

// program finds a program of PostgreSQL, which Debian keeps beside the path.
func program(name string) (string, error) {
	if path, err := exec.LookPath(name); err == nil {
		return path, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", fs.ErrNotExist
	}
	return found[len(found)-1], nil
}

// startPostgres starts a server. It fails with [fs.ErrNotExist] where PostgreSQL is
// not installed.
func startPostgres(ctx context.Context, schema string) (_ *postgres, err error) {
	initdb, err := program("initdb")
	if err != nil {
		return nil, err
	}
	server, err := program("postgres")
	if err != nil {
		return nil, err
	}
	p := &postgres{}
	if p.folder, err = os.MkdirTemp("", "peers"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			p.stop()
		}
	}()
	// It does not run as root.
	as, err := ordinaryUser(p.folder)
	if err != nil {
		return nil, err
	}
	data := filepath.Join(p.folder, "data")
	initialise := exec.CommandContext(ctx, initdb, "--pgdata", data, "--username", "peers", "--auth", "trust", "--encoding", "UTF8", "--no-locale")
	initialise.SysProcAttr, initialise.Dir = as, p.folder
	if said, err := initialise.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, said)
	}
	p.command = exec.Command(server, "-D", data, "-c", "listen_addresses=", "-c", "unix_socket_directories="+p.folder)
	p.command.SysProcAttr, p.command.Dir = as, p.folder
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	if p.pool, err = pgxpool.New(ctx, "host="+p.folder+" user=peers dbname=postgres pool_max_conns=32"); err != nil {
		return nil, err
	}
	for n := 0; p.pool.Ping(ctx) != nil; n++ {
		if n == 100 {
			return nil, errors.New("PostgreSQL does not answer after 10 seconds")
		}
		time.Sleep(100 * time.Millisecond)
	}
	_, err = p.pool.Exec(ctx, schema)
	return p, err
}

// ordinaryUser gives the folder to a user who is not root, and says how to become
// that user; nil: it is one already.
func ordinaryUser(folder string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, os.Chown(folder, uid, gid)
}

func (p *postgres) stop() {
	if p.pool != nil {
		p.pool.Close()
	}
	if p.command != nil && p.command.Process != nil {
		p.command.Process.Signal(syscall.SIGINT) // "fast shutdown"
		p.command.Wait()
	}
	os.RemoveAll(p.folder)
}
