package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"hubbub/codec"
	"hubbub/internal/vectors"
)

//go:embed protocol.md.tmpl
var prose string

// page is what the prose is filled with.
type page struct {
	Native, Classic []packet
	Codes           []codec.CodeRow
	HeaderSize      int
	MaxPacket       int
	ClassicMax      int
}

// packet is one section.
type packet struct {
	Name    string
	Type    codec.Type
	Traits  []string // who sends it and what the server asks of it
	Doc     string
	Fields  []field
	Example string
}

type field struct {
	Offset, Name, Type, Meaning string
}

// generate returns docs/PROTOCOL.md, with examples from the vectors in the given file.
func generate(vectorsPath string) ([]byte, error) {
	examples, err := readExamples(vectorsPath)
	if err != nil {
		return nil, err
	}
	p := page{
		Codes:      codec.Codes,
		HeaderSize: codec.HeaderSize,
		MaxPacket:  codec.MaxPacket,
		ClassicMax: codec.ClassicMax,
	}
	for i := range codec.Table {
		row := &codec.Table[i]
		m := row.New()
		p.Native = append(p.Native, packet{row.Name, row.Type, nativeTraits(row), row.Doc, describe(m), examples[codec.Name(m)]})
	}
	for i := range codec.ClassicTable {
		row := &codec.ClassicTable[i]
		traits := []string{towards(row.To), fmt.Sprintf("%d bytes", row.Size)}
		p.Classic = append(p.Classic, packet{row.Name, row.Type, traits, row.Doc, describe(row.New()), examples[row.Name]})
	}
	parsed, err := template.New("protocol").Parse(prose)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, p); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func nativeTraits(row *codec.Row) []string {
	m := row.New()
	size := len(codec.Native.Append(nil, m))
	length := fmt.Sprintf("%d bytes", size)
	for _, f := range codec.Fields(m) {
		if f.Type == "str" {
			length = fmt.Sprintf("at least %d bytes", size)
		}
	}
	traits := []string{towards(row.To), length}
	if row.To&codec.ToServer == 0 {
		return traits
	}
	if row.Stage == codec.LoggedIn {
		traits = append(traits, "after login only")
	}
	if row.Metered {
		traits = append(traits, "counts against the rate limit")
	}
	if row.Reply != 0 {
		traits = append(traits, "answered by "+row.Reply.String())
	}
	return traits
}

func towards(d codec.Direction) string {
	if d == codec.Both {
		return "either way"
	}
	return "to the " + d.String()
}

// describe lists the fields of a message. A field behind one of variable length has no offset of its own.
func describe(m codec.Message) []field {
	var fields []field
	for i, doc := range codec.Fields(m) {
		offset := fmt.Sprint(doc.Offset)
		if doc.Offset < 0 {
			offset = "behind `" + fields[i-1].Name + "`"
		}
		fields = append(fields, field{offset, doc.Name, doc.Type, meaningOf(codec.Name(m), doc.Name)})
	}
	return fields
}

// readExamples returns the first vector of every packet by its textual name, as text above bytes.
func readExamples(path string) (map[string]string, error) {
	blocks, err := vectors.Load(path)
	if err != nil {
		return nil, err
	}
	examples := map[string]string{}
	for _, b := range blocks {
		name, _, _ := strings.Cut(b.Text, " ")
		if examples[name] == "" {
			examples[name] = b.Text + "\n    " + strings.Join(b.Hex, "\n    ")
		}
	}
	return examples, nil
}
