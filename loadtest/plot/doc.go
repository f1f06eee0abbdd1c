// Package plot draws line charts and bar charts as SVG.
//
//	Chart, Bars ──► layout: scales, ticks, margins ──► elements ──► SVG, or Inline within a page
//
// A picture is the same bytes for the same chart, so it can be committed and compared. It needs no script and no font of
// its own, says in words what it shows to those who can't see it, and follows the reader's choice of light or dark. Its
// colours keep a contrast of 4.5 on the surface and stay apart for eyes that see few of them; the tests hold both.
//
// Nothing here fails or panics: values that a scale can't show, such as a zero on a logarithmic one or anything beyond
// 1e12, are gaps. A Chart may be drawn by several goroutines as long as nobody changes it.
package plot
