package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// sayEvery is how often a progress is said where it cannot be written over.
const sayEvery = 10 * time.Second

// A screen shows lines, and below them how far something is.
type screen struct {
	out      io.Writer
	terminal bool
	shown    string // the progress line that stands there
	said     time.Time
}

// progress shows how far something is, over what it showed before.
func (s *screen) progress(format string, args ...any) {
	text := strings.TrimSpace(fmt.Sprintf(format, args...))
	if s.terminal {
		fmt.Fprintf(s.out, "\r%s\x1b[K", text)
		s.shown = text
		return
	}
	if text != s.shown && time.Since(s.said) >= sayEvery {
		s.shown, s.said = text, time.Now()
		fmt.Fprintln(s.out, text)
	}
}

// line shows a line that stays.
func (s *screen) line(format string, args ...any) {
	if s.terminal && s.shown != "" {
		fmt.Fprint(s.out, "\n")
		s.shown = ""
	}
	fmt.Fprintf(s.out, format+"\n", args...)
}

// barLength is how many characters a bar has.
const barLength = 30

// bar shows a share as a bar and in percent.
func bar(done, all int64) string {
	share := 0.0
	if all > 0 {
		share = min(1, float64(done)/float64(all))
	}
	full := int(share * barLength)
	return fmt.Sprintf("[%s%s] %3d%%", strings.Repeat("#", full), strings.Repeat("-", barLength-full), int(share*100))
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0 && digits[at-1] != '-'; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
