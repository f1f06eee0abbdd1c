package loadtest

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"

	"hubbub/loadtest/report"
)

// environment is the machine that this process runs on, as far as it says.
func environment(version string) report.Environment {
	return report.Environment{Version: version, System: system(), Processor: processor(),
		Processors: runtime.GOMAXPROCS(0), Memory: memory(), Files: openFiles()}
}

// processor is the processor's name as Linux has it, else the architecture's.
func processor() string {
	if name := field("/proc/cpuinfo", "model name"); name != "" {
		return name
	}
	return runtime.GOARCH
}

// memory is how many bytes the machine has; 0: not known.
func memory() uint64 {
	kib, _, _ := strings.Cut(field("/proc/meminfo", "MemTotal"), " ")
	n, err := strconv.ParseUint(kib, 10, 64)
	if err != nil {
		return 0
	}
	return n << 10
}

// field is the first value of a name in a file of lines "name: value", or empty.
func field(path, name string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
