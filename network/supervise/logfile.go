package supervise

import (
	"os"
	"path/filepath"
	"sync"
)

const (
	// maxLog is the size at which a log is put aside; keptLogs of them are kept.
	maxLog   = 16 << 20
	keptLogs = 3
)

// logFile is a file that never grows beyond its limit: NAME.log, then NAME.log.1 and so on.
type logFile struct {
	mu    sync.Mutex
	path  string
	limit int64
	file  *os.File
	size  int64
}

func openLog(path string, limit int64) (*logFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	l := &logFile{path: path, limit: limit}
	return l, l.open()
}

func (l *logFile) open() error {
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return err
	}
	l.file, l.size = f, info.Size()
	return nil
}

// Write appends. It reports success even when the disk refuses: a child must not die
// because its log cannot be kept.
func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return len(b), nil
	}
	if l.size+int64(len(b)) > l.limit && l.size > 0 {
		l.rotate()
	}
	if l.file != nil {
		n, _ := l.file.Write(b)
		l.size += int64(n)
	}
	return len(b), nil
}

func (l *logFile) rotate() {
	l.file.Close()
	l.file = nil
	for i := keptLogs - 1; i >= 1; i-- {
		_ = os.Rename(aside(l.path, i), aside(l.path, i+1))
	}
	_ = os.Rename(l.path, aside(l.path, 1))
	_ = l.open()
}

func aside(path string, i int) string {
	return path + "." + string(rune('0'+i))
}

func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
