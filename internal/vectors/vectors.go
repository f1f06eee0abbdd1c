// Package vectors reads the files of golden packets, codec/testdata/*.txt. Their notation is described at the top of
// each. It knows no packet: codec's tests and the generator of docs/PROTOCOL.md both read the files through it.
package vectors

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// Block is one packet of a file.
type Block struct {
	Line    int    // of its head, to name it in a test's failure
	Comment string // the lines above its head, joined by blanks
	Dialect string
	Reader  string // the word behind the dialect, if there is one
	Text    string // the packet in textual form, or the error
	Bytes   []byte
	Hex     []string // the lines that Bytes were read from, without their indentation
}

// Load reads the file at path.
func Load(path string) ([]Block, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	blocks, err := Read(file)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return blocks, nil
}

// Read reads blocks. The error names the line that breaks the notation.
func Read(r io.Reader) ([]Block, error) {
	all, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var (
		blocks  []Block
		comment []string
		open    bool // whether hexadecimal lines belong to the last block
	)
	for i, line := range strings.Split(string(all), "\n") {
		switch text := strings.TrimSpace(line); {
		case text == "":
			comment, open = nil, false
		case text[0] == '#':
			comment = append(comment, strings.TrimSpace(text[1:]))
		case line[0] != ' ':
			block, err := head(line)
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			block.Line, block.Comment = i+1, strings.Join(comment, " ")
			blocks, open = append(blocks, block), true
		case !open:
			return nil, fmt.Errorf("line %d: bytes without a packet", i+1)
		default:
			last := &blocks[len(blocks)-1]
			last.Hex = append(last.Hex, text)
			if last.Bytes, err = appendHex(last.Bytes, text); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
		}
	}
	return blocks, nil
}

func head(line string) (Block, error) {
	left, text, ok := strings.Cut(line, " | ")
	words := strings.Fields(left)
	if !ok || len(words) < 1 || len(words) > 2 {
		return Block{}, fmt.Errorf("%q is no head of a block", line)
	}
	b := Block{Dialect: words[0], Text: text}
	if len(words) == 2 {
		b.Reader = words[1]
	}
	return b, nil
}

// appendHex appends the bytes of one line, as in "0d 00 b907 61*20".
func appendHex(dst []byte, line string) ([]byte, error) {
	for _, word := range strings.Fields(line) {
		digits, times, repeated := strings.Cut(word, "*")
		some, err := hex.DecodeString(digits)
		if err != nil {
			return dst, fmt.Errorf("%q is not hexadecimal", word)
		}
		n := 1
		if repeated {
			if n, err = strconv.Atoi(times); err != nil || n < 1 {
				return dst, fmt.Errorf("%q repeats its bytes %q times", word, times)
			}
		}
		for range n {
			dst = append(dst, some...)
		}
	}
	return dst, nil
}
