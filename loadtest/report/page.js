'use strict'

// A button turns the page from light to dark and back.
{
  const button = document.getElementById('theme')
  const root = document.documentElement
  let dark = matchMedia('(prefers-color-scheme:dark)').matches
  const name = () => { button.textContent = dark ? 'Light' : 'Dark' }
  button.onclick = () => {
    dark = !dark
    root.dataset.theme = dark ? 'dark' : 'light'
    name()
  }
  name()
  button.hidden = false
}

// Numbers as package plot writes them; the numbers of its units are those of plot.Unit.
const digits = v => v === 0 ? '0' : (+v.toPrecision(Math.abs(v) >= 1000 ? 4 : 3)).toLocaleString('en')
const scaled = (v, steps) => {
  const [size, name] = steps.find(s => v >= s[0]) ?? steps.at(-1)
  return digits(v / size) + '\u00a0' + name
}
const clock = s => s < 60 ? digits(s) + '\u00a0s' : Math.floor(s / 60) + ':' + String(Math.round(s % 60)).padStart(2, '0')
const many = v => v < 9999.5 ? digits(v) : scaled(v, [[1e9, 'G'], [1e6, 'M'], [1e3, 'k']])
const write = [
  many,
  v => many(v) + '/s',
  v => scaled(v, [[1000, 's'], [1, 'ms'], [0.001, 'µs']]),
  clock,
  v => scaled(v, [[2 ** 30, 'GiB'], [2 ** 20, 'MiB'], [2 ** 10, 'KiB'], [1, 'B']]),
  v => +(v * 100).toFixed(Math.max(0, Math.ceil(-Math.log10(1 - v)) - 1)) + '\u00a0%', // one digit behind the nines
]
const flat = [v => v, Math.log10, v => -Math.log10(1 - v)] // by plot.Scale

// A line follows the pointer over each chart and tells the values there.
for (const figure of document.querySelectorAll('figure')) {
  const data = JSON.parse(figure.querySelector('script').textContent)
  const tip = document.createElement('div')
  tip.className = 'tip'
  tip.hidden = true
  figure.append(tip)
  for (const svg of figure.querySelectorAll('.plot')) {
    const [left, top, right, bottom] = svg.dataset.area.split(' ').map(Number)
    const [scale, from, to] = svg.dataset.x.split(' ').map(Number)
    const at = v => left + (right - left) * (flat[scale](v) - flat[scale](from)) / (flat[scale](to) - flat[scale](from))
    const places = data.at.map(at)
    const cursor = document.createElementNS('http://www.w3.org/2000/svg', 'path')
    cursor.setAttribute('class', 'cursor')
    svg.append(cursor)
    const hide = () => { tip.hidden = true; cursor.removeAttribute('d') }
    svg.onpointerleave = hide
    svg.onpointermove = event => {
      const box = svg.getBoundingClientRect()
      const zoom = box.width / svg.viewBox.baseVal.width
      const x = (event.clientX - box.left) / zoom
      if (x < left - 8 || x > right + 8) return hide()
      const k = places.reduce((best, p, i) => Math.abs(p - x) < Math.abs(places[best] - x) ? i : best, 0)
      cursor.setAttribute('d', `M${places[k]} ${top}V${bottom}`)
      tip.replaceChildren(write[data.x](data.at[k]))
      for (const line of data.lines) {
        if (line.values[k] === null || line.values[k] === undefined) continue
        const row = document.createElement('div')
        const sample = document.createElement('i')
        sample.className = 'c' + line.color
        row.append(sample, line.name + ' ', Object.assign(document.createElement('b'), { textContent: write[data.y](line.values[k]) }))
        tip.append(row)
      }
      tip.hidden = false
      const outer = figure.getBoundingClientRect()
      const middle = box.left - outer.left + places[k] * zoom
      const beyond = middle + 12 + tip.offsetWidth > outer.width
      tip.style.left = Math.max(4, beyond ? middle - 12 - tip.offsetWidth : middle + 12) + 'px'
      tip.style.top = box.top - outer.top + top * zoom + 'px'
    }
  }
}
