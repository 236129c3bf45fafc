/*
 * memory.js - the memory of the image as the page carries it, and words about it.
 *
 * It stands in the data-attributes of the figure #map, as src/report/html_memory.c writes them: runs of cells (a varint
 * of their number and one of their kind, in base64), kinds (type, pass, shade, zero, mixed), bands of rows. Must not
 * know how it is drawn.
 */
"use strict";

const NEVER = -1, BROKEN = 13, HOLE = 15, PAGE = 4096;

function hex(number) {
    return "0x" + number.toString(16);
}

function count(number) {
    return number.toString().replace(/\B(?=(\d{3})+$)/g, ",");
}

function size(octets) {
    const units = ["KiB", "MiB", "GiB", "TiB"];
    let value = octets / 1024, unit = 0;
    for (; value >= 1024 && unit < 3; unit++)
        value /= 1024;
    return (Number.isInteger(value) ? value : value.toFixed(1)) + " " + units[unit];
}

function decodeRuns(octets) {
    const starts = [], kind = [];
    let at = 0, cell = 0;
    const varint = () => {
        let value = 0, scale = 1, octet;
        do {
            octet = octets.charCodeAt(at++);
            value += (octet & 127) * scale;
            scale *= 128;
        } while (octet & 128);
        return value;
    };
    while (at < octets.length) {
        starts.push(cell);
        cell += varint();
        kind.push(varint());
    }
    starts.push(cell);
    return { starts, kind, num: kind.length };
}

function readMemory(data) {
    const cellPfns = 2 ** Number(data.shift), width = Number(data.width), pfns = Number(data.pfns);
    const names = JSON.parse(data.types), runs = decodeRuns(atob(data.runs));
    const kinds = data.kinds.split(" ").map((text) => {
        const [type, pass, shade, zero, mixed] = text.split(",").map(Number);
        return { type, pass, shade, zero, mixed, absent: type === NEVER || type === HOLE || type === BROKEN };
    });
    const bands = data.bands.split(" ").map((text) => {
        const [row, num] = text.replace("f", "").split("+").map(Number);
        return { row, num, folded: text.startsWith("f") };
    });

    /* The run that has the cell. */
    function runOf(cell) {
        let low = 0, high = runs.num - 1;
        while (low < high) {
            const middle = (low + high + 1) >> 1;
            if (runs.starts[middle] <= cell)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }

    function kindOf(cell) {
        return kinds[runs.kind[runOf(cell)]];
    }

    function typeName(kind) {
        return kind.type === NEVER ? "never named" : names[kind.type];
    }

    function range(cell, num) {
        const first = cell * cellPfns, last = Math.min((cell + num) * cellPfns, pfns) - 1;
        return first === last ? hex(first) : `${hex(first)}\u2013${hex(last)}`;
    }

    /* What there is to say of a cell, or of the run it is in. */
    function describe(cell, whole) {
        const run = runOf(cell), start = runs.starts[run], num = runs.starts[run + 1] - start;
        const kind = kinds[runs.kind[run]], many = Math.min((start + num) * cellPfns, pfns) - start * cellPfns;
        const words = [(kind.mixed ? "mostly " : "") + typeName(kind)];
        if (kind.pass > 0 && data.passes > 1)
            words.push("last in pass " + (kind.pass === 255 ? "255 or later" : kind.pass));
        if (kind.zero)
            words.push("all zero");
        const parts = ["pfn " + (whole ? range(start, num) : range(cell, 1)), words.join(", ")];
        if (whole)
            parts.push(`${count(many)} pfns, ${size(many * PAGE)}`);
        else if (many > cellPfns)
            parts.push(`in a run of ${count(many)}, ${range(start, num)}, ${size(many * PAGE)}`);
        return parts.join(" \u00b7 ");
    }

    return { cellPfns, width, pfns, numCells: Math.ceil(pfns / cellPfns), runs, kinds, bands, runOf, kindOf, typeName,
             describe };
}
