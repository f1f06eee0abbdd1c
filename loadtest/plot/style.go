package plot

// Colors is how many colors there are for series. The last is for what stands in the background.
const Colors = 6

// Light and Dark are the colors of a picture, as CSS declarations: a page that has Inline charts must declare them where
// the charts can see them. Ink, muted, surface and the series' colors keep a contrast of 4.5 to the surface.
const (
	Light = `--ink:#1b212a;--muted:#566170;--grid:#e3e7ec;--axis:#a9b2bd;--band:#5b7083;--surface:#fff;` +
		`--c1:#1a66d6;--c2:#c8460f;--c3:#0b7f5c;--c4:#a0158c;--c5:#4b0fd8;--c6:#343c45;--limit:#b3261e;`
	Dark = `--ink:#e7eaef;--muted:#9da8b6;--grid:#2b323c;--axis:#56606d;--band:#a3b4c6;--surface:#171c23;` +
		`--c1:#4d95ff;--c2:#f0672f;--c3:#2fe0a4;--c4:#f2c6ec;--c5:#c3aef5;--c6:#8a949f;--limit:#ff8a80;`
)

// Style is the rules of CSS that Inline charts need once on their page.
const Style = `.plot{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}` +
	`.plot text{fill:var(--muted);font-variant-numeric:tabular-nums}` +
	`.plot .title{fill:var(--ink);font-size:15px;font-weight:600}` +
	`.plot .surface{fill:var(--surface)}` +
	`.plot .grid{stroke:var(--grid);fill:none}` +
	`.plot .axis{stroke:var(--axis);fill:none}` +
	`.plot .band{fill:var(--band);fill-opacity:.09}` +
	`.plot .halo{paint-order:stroke;stroke:var(--surface);stroke-width:4px;stroke-linejoin:round}` +
	`.plot .rule{stroke:var(--limit);stroke-width:1.25;stroke-dasharray:5 3}.plot .limit{fill:var(--limit)}` +
	`.plot .line{stroke:var(--c);stroke-width:1.75;stroke-linejoin:round;stroke-linecap:round;fill:none}` +
	`.plot .dashed{stroke-width:1.5;stroke-dasharray:2 4}` +
	`.plot .stack{stroke:var(--c);fill:none}` +
	`.plot .fill{fill:var(--c)}` +
	`.plot .whisker{stroke:var(--ink);stroke-width:1.25;fill:none}` +
	`.plot .name{fill:var(--c);font-weight:600}.plot .value{fill:var(--ink)}` +
	`.plot .lead{stroke:var(--c);stroke-width:1;opacity:.6;fill:none}` +
	`.c1{--c:var(--c1)}.c2{--c:var(--c2)}.c3{--c:var(--c3)}.c4{--c:var(--c4)}.c5{--c:var(--c5)}.c6{--c:var(--c6)}`
