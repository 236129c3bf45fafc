/*
 * map.js - draws the memory map on a canvas and names what the pointer or the keyboard points at.
 *
 * Must not know how the page carries the data: memory.js does. Without a script the page shows a coarser picture.
 */

(() => {
    const figure = document.getElementById("map");
    if (figure === null)
        return;
    const canvas = figure.querySelector("canvas"), pen = canvas.getContext("2d");
    const readout = figure.querySelector(".readout"), level = figure.querySelector(".level");
    const MOST_CELL = 48, MOST_HEIGHT = 720;
    const memory = readMemory(figure.dataset), { width, bands, runs, numCells, cellPfns } = memory;

    /* --- what is seen: rows of the picture are y, cells of a row x; a folded band is foldRows high ---------------- */

    let measured = 0, ratio = 1, gutter = 0, fitScale = 1, foldRows = 1, height = 1;
    let view = { x: 0, y: 0, scale: 1 }, colourBy = "type", colours = {}, cursor = 0, pointed = null, waiting = false;

    function layOut() {
        let y = 0;
        for (const band of bands) {
            band.y = y;
            band.height = band.folded ? foldRows : band.num;
            y += band.height;
        }
        height = y;
    }

    function measure() {
        const box = measured = canvas.clientWidth;
        if (box === 0)
            return;
        const atFit = view.scale <= fitScale * 1.001;
        ratio = window.devicePixelRatio || 1;
        pen.font = labelFont();
        gutter = Math.ceil(pen.measureText(hex(memory.pfns)).width + 12 * ratio);
        const room = Math.max(box * ratio - gutter, 32);
        foldRows = 1;
        fitScale = room / width;
        foldRows = Math.max(1, 26 * ratio / fitScale);
        layOut();
        fitScale = Math.min(fitScale, MOST_HEIGHT * ratio / height, MOST_CELL / 2 * ratio);
        canvas.width = box * ratio;
        canvas.height = Math.max(Math.ceil(height * fitScale), 24 * ratio);
        canvas.style.height = canvas.height / ratio + "px";
        if (atFit)
            view = { x: 0, y: 0, scale: fitScale };
        keepInside();
        redraw();
    }

    function labelFont() {
        return `${11 * ratio}px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace`;
    }

    function keepInside() {
        view.scale = Math.min(Math.max(view.scale, fitScale), Math.max(MOST_CELL * ratio, fitScale));
        view.x = Math.min(Math.max(view.x, 0), Math.max(width - (canvas.width - gutter) / view.scale, 0));
        view.y = Math.min(Math.max(view.y, 0), Math.max(height - canvas.height / view.scale, 0));
    }

    function zoom(factor, px, py) {
        const x = view.x + (px - gutter) / view.scale, y = view.y + py / view.scale;
        view.scale *= factor;
        keepInside();
        view.x = x - (px - gutter) / view.scale;
        view.y = y - py / view.scale;
        keepInside();
        redraw();
    }

    function placeOf(cell) {
        const row = Math.floor(cell / width);
        for (const band of bands)
            if (row < band.row + band.num)
                return { x: cell % width, y: band.folded ? band.y : band.y + row - band.row, folded: band.folded };
        return { x: 0, y: 0, folded: true };
    }

    /* What is at a point of the canvas: a cell, a folded band, or null. */
    function hit(px, py) {
        const x = Math.floor(view.x + (px - gutter) / view.scale), y = view.y + py / view.scale;
        const band = bands.find((it) => y >= it.y && y < it.y + it.height);
        if (px < gutter || x >= width || band === undefined)
            return null;
        if (band.folded)
            return { cell: band.row * width, folded: true };
        const cell = (band.row + Math.floor(y - band.y)) * width + x;
        return cell < numCells ? { cell, folded: false } : null;
    }

    /* --- drawing -------------------------------------------------------------------------------------------------- */

    function readColours() {
        const style = getComputedStyle(figure), read = (name) => style.getPropertyValue(name).trim();
        colours = { type: [], shade: [], never: read("--never"), ink: read("--ink"), dim: read("--dim") };
        for (let type = 0; type < 16; type++)
            colours.type.push(read("--t" + type));
        for (let shade = 0; shade < 8; shade++)
            colours.shade.push(read("--p" + shade));
        colours.paper = read("--paper");
        colours.zero = [read("--nonzero"), read("--zero")];
        colours.line = { cell: read("--line-cell"), small: read("--line-small"), large: read("--line-large") };
    }

    function colourOf(kind) {
        if (kind.type === NEVER)
            return colours.never;
        if (kind.absent || colourBy === "type")
            return colours.type[kind.type];
        return colourBy === "pass" ? colours.shade[kind.shade] : colours.zero[kind.zero];
    }

    function snap(value) {
        return wholePixels(view, value);
    }

    /* Cells a to b of a band: the end of a row, whole rows, the beginning of a row. */
    function fillCells(fill, band, a, b, colour) {
        const first = band.row * width;
        let at = a - first;
        const end = b - first;
        while (at < end) {
            const x = at % width, whole = Math.floor((end - at) / width);
            const num = x > 0 || whole === 0 ? Math.min(width - x, end - at) : whole * width;
            fill(x, band.y + Math.floor(at / width), Math.min(num, width), Math.max(Math.floor(num / width), 1),
                 colour);
            at += num;
        }
    }

    function drawCells(fill, band) {
        const top = band.row + Math.max(Math.floor(view.y - band.y), 0);
        const bottom = band.row + Math.ceil(view.y + canvas.height / view.scale - band.y);
        const end = Math.min(Math.min(bottom, band.row + band.num) * width, numCells);
        for (let at = top * width, run = memory.runOf(at); at < end; run++) {
            const next = Math.min(runs.starts[run + 1], end);
            fillCells(fill, band, at, next, colourOf(memory.kinds[runs.kind[run]]));
            at = next;
        }
    }

    function drawFold(band) {
        const top = (band.y - view.y) * view.scale, tall = band.height * view.scale;
        const kind = memory.kindOf(band.row * width);
        pen.fillStyle = colourOf(kind);
        pen.fillRect(gutter, top, canvas.width - gutter, tall);
        pen.fillStyle = colours.dim;
        for (const y of [top, top + tall - ratio])
            pen.fillRect(gutter, y, canvas.width - gutter, ratio);
        pen.fillStyle = colours.ink;
        pen.textBaseline = "middle";
        pen.textAlign = "left";
        pen.fillText(`${count(band.num * width * cellPfns)} pfns: ${memory.typeName(kind)}`, gutter + 8 * ratio,
                     top + tall / 2, canvas.width - gutter - 16 * ratio);
    }

    /* Lines where a multiple of `step` cells begins. */
    function drawLines(band, step, colour) {
        const across = step >= width, gap = (across ? step / width : step) * view.scale;
        if (step < 1 || gap < 6 * ratio)
            return;
        pen.fillStyle = colour;
        const top = (band.y - view.y) * view.scale, tall = band.num * view.scale;
        if (!across) {
            for (let x = step; x < width; x += step)
                pen.fillRect(snap(gutter + (x - view.x) * view.scale), top, ratio, tall);
            return;
        }
        const rows = step / width;
        for (let row = (Math.floor(band.row / rows) + 1) * rows; row < band.row + band.num; row += rows)
            pen.fillRect(gutter, snap((band.y + row - band.row - view.y) * view.scale), canvas.width - gutter, ratio);
    }

    function drawCellLines(band) {
        const top = (band.y - view.y) * view.scale, tall = band.num * view.scale;
        pen.fillStyle = colours.line.cell;
        for (let x = Math.ceil(view.x); x < Math.min(width, view.x + canvas.width / view.scale); x++)
            pen.fillRect(snap(gutter + (x - view.x) * view.scale), top, ratio, tall);
        for (let row = 1; row < band.num; row++)
            pen.fillRect(gutter, snap(top + row * view.scale), canvas.width - gutter, ratio);
    }

    function drawLabels(band) {
        const every = 2 ** Math.max(Math.ceil(Math.log2(26 * ratio / view.scale)), 0);
        pen.fillStyle = colours.dim;
        pen.textAlign = "right";
        pen.textBaseline = "top";
        const rows = band.folded ? 1 : band.num;
        for (let row = 0; row < rows; row += every) {
            const y = (band.y + row - view.y) * view.scale;
            const room = (band.y + band.height - view.y) * view.scale - y;
            if (y > -20 * ratio && y < canvas.height && (row === 0 || room > 12 * ratio))
                pen.fillText(hex((band.row + row) * width * cellPfns), gutter - 6 * ratio, Math.max(y, 0) + ratio);
        }
    }

    function drawMark(cell, colour) {
        const place = placeOf(cell);
        const size = Math.max(view.scale, 5 * ratio), spare = (size - view.scale) / 2;
        const x = gutter + (place.x - view.x) * view.scale - spare, y = (place.y - view.y) * view.scale - spare;
        if (place.folded || x + size < gutter)
            return;
        pen.lineWidth = 2 * ratio;
        pen.strokeStyle = colours.paper;
        pen.strokeRect(x - 2 * ratio, y - 2 * ratio, size + 4 * ratio, size + 4 * ratio);
        pen.strokeStyle = colour;
        pen.strokeRect(x, y, size, size);
    }

    function draw() {
        waiting = false;
        pen.fillStyle = colours.paper;
        pen.fillRect(0, 0, canvas.width, canvas.height);
        pen.font = labelFont();
        const seen = bands.filter((it) => it.y + it.height > view.y && it.y < view.y + canvas.height / view.scale);
        const paint = view.scale < 1 ? blender(pen, gutter, view) : filler(pen, gutter, view);
        for (const band of seen.filter((it) => !it.folded))
            drawCells(paint.fill, band);
        paint.show();
        for (const band of seen) {
            if (band.folded) {
                drawFold(band);
                continue;
            }
            if (view.scale >= 14 * ratio)
                drawCellLines(band);
            drawLines(band, 512 / cellPfns, colours.line.small);
            drawLines(band, 262144 / cellPfns, colours.line.large);
        }
        pen.fillStyle = colours.paper;
        pen.fillRect(0, 0, gutter, canvas.height);
        seen.forEach(drawLabels);
        if (document.activeElement === canvas)
            drawMark(cursor, colours.ink);
        if (pointed !== null)
            drawMark(pointed, colours.ink);
        const times = view.scale / fitScale;
        level.textContent = (times < 10 ? times.toFixed(1).replace(".0", "") : times.toFixed(0)) + "\u00d7";
    }

    function redraw() {
        if (!waiting)
            requestAnimationFrame(draw);
        waiting = true;
    }

    function tell(cell, folded) {
        readout.textContent = memory.describe(cell, folded);
    }

    /* --- hands ---------------------------------------------------------------------------------------------------- */

    function point(event) {
        const box = canvas.getBoundingClientRect();
        return [(event.clientX - box.left) * ratio, (event.clientY - box.top) * ratio];
    }

    function moveCursor(cell) {
        cursor = Math.min(Math.max(cell, 0), numCells - 1);
        const place = placeOf(cursor), wide = (canvas.width - gutter) / view.scale, tall = canvas.height / view.scale;
        if (place.x < view.x || place.x + 1 > view.x + wide)
            view.x = place.x - wide / 2;
        if (place.y < view.y || place.y + 1 > view.y + tall)
            view.y = place.y - tall / 2;
        pointed = null;
        keepInside();
        tell(cursor, placeOf(cursor).folded);
        redraw();
    }

    function zoomAtCursor(factor) {
        const place = placeOf(cursor);
        zoom(factor, gutter + (place.x + .5 - view.x) * view.scale, (place.y + .5 - view.y) * view.scale);
    }

    function showAll() {
        zoom(0, 0, 0);
    }

    const keys = {
        ArrowLeft: () => moveCursor(cursor - 1),
        ArrowRight: () => moveCursor(cursor + 1),
        ArrowUp: () => moveCursor(cursor - width),
        ArrowDown: () => moveCursor(cursor + width),
        PageUp: () => moveCursor(cursor - 16 * width),
        PageDown: () => moveCursor(cursor + 16 * width),
        Home: () => moveCursor(0),
        End: () => moveCursor(numCells - 1),
        "[": () => moveCursor(runs.starts[Math.max(memory.runOf(cursor) - 1, 0)]),
        "]": () => moveCursor(runs.starts[Math.min(memory.runOf(cursor) + 1, runs.num - 1)]),
        "+": () => zoomAtCursor(2),
        "=": () => zoomAtCursor(2),
        "-": () => zoomAtCursor(.5),
        0: showAll
    };

    canvas.addEventListener("keydown", (event) => {
        const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
        if (action !== undefined) {
            event.preventDefault();
            action();
        }
    });

    /* The wheel belongs to the page until the map was clicked, or with Ctrl. */
    canvas.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && document.activeElement !== canvas)
            return;
        event.preventDefault();
        zoom(2 ** (-Math.sign(event.deltaY) / 2), ...point(event));
    }, { passive: false });

    let drag = null;
    canvas.addEventListener("pointerdown", (event) => {
        drag = { at: point(event), x: view.x, y: view.y };
        canvas.setPointerCapture(event.pointerId);
        const found = hit(...drag.at);
        if (found !== null)
            cursor = found.cell;
    });
    canvas.addEventListener("pointermove", (event) => {
        const [px, py] = point(event), found = hit(px, py);
        if (drag !== null) {
            view.x = drag.x - (px - drag.at[0]) / view.scale;
            view.y = drag.y - (py - drag.at[1]) / view.scale;
            keepInside();
        }
        pointed = found !== null ? found.cell : null;
        if (found !== null)
            tell(found.cell, found.folded);
        redraw();
    });
    for (const end of ["pointerup", "pointercancel"])
        canvas.addEventListener(end, () => { drag = null; });
    canvas.addEventListener("pointerleave", () => {
        pointed = null;
        redraw();
    });
    for (const change of ["focus", "blur"])
        canvas.addEventListener(change, redraw);

    const acts = { in: () => zoomAtCursor(2), out: () => zoomAtCursor(.5), all: showAll };
    for (const button of figure.querySelectorAll("button"))
        button.addEventListener("click", acts[button.value]);

    for (const choice of figure.querySelectorAll("input[type=radio]"))
        choice.addEventListener("change", () => {
            colourBy = choice.value;
            for (const legend of document.querySelectorAll("[data-of]"))
                legend.hidden = legend.dataset.of !== colourBy;
            redraw();
        });

    figure.querySelector("form").addEventListener("submit", (event) => {
        const field = event.target.elements.pfn, pfn = field.value.trim() === "" ? NaN : Number(field.value);
        event.preventDefault();
        if (!(pfn >= 0 && pfn < memory.pfns)) {
            readout.textContent = `There is no such pfn here: the last is ${hex(memory.pfns - 1)}.`;
            return;
        }
        moveCursor(Math.floor(pfn / cellPfns));
        canvas.focus({ preventScroll: true });
    });

    /* --- and go --------------------------------------------------------------------------------------------------- */

    figure.classList.add("live");
    for (const part of figure.querySelectorAll("[data-live]"))
        part.hidden = false;
    readColours();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
        readColours();
        redraw();
    });
    new ResizeObserver(() => {
        if (canvas.clientWidth !== measured)
            requestAnimationFrame(measure);
    }).observe(figure);
    measure();
    tell(0, placeOf(0).folded);
})();
