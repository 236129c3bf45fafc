/*
 * paint.js - rectangles of cells as pixels, in two ways: cells larger than a pixel get whole pixels; smaller ones share
 * a pixel, by the area that each has of it. Both begin right of `gutter`, at the place and scale of a view.
 */

function wholePixels(view, value) {
    return view.scale >= 1 ? Math.round(value) : value;
}

function filler(pen, gutter, view) {
    function fill(x, y, num, rows, colour) {
        const left = Math.round(gutter + (x - view.x) * view.scale), top = Math.round((y - view.y) * view.scale);
        pen.fillStyle = colour;
        pen.fillRect(left, top, Math.round(gutter + (x + num - view.x) * view.scale) - left,
                     Math.round((y + rows - view.y) * view.scale) - top);
    }

    return { fill, show: () => {} };
}

/* A canvas that blended them itself would let the paper through between neighbours. */
function blender(pen, gutter, view) {
    const wide = pen.canvas.width - gutter, tall = pen.canvas.height;
    const sums = new Float32Array(4 * wide * tall); /* of each pixel: red, green and blue by area, and the area */

    function fill(x, y, num, rows, colour) {
        const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
        const left = Math.max((x - view.x) * view.scale, 0), top = Math.max((y - view.y) * view.scale, 0);
        const right = Math.min((x + num - view.x) * view.scale, wide);
        const bottom = Math.min((y + rows - view.y) * view.scale, tall);
        for (let py = Math.floor(top); py < bottom; py++) {
            const part = Math.min(bottom, py + 1) - Math.max(top, py);
            for (let px = Math.floor(left); px < right; px++) {
                const area = part * (Math.min(right, px + 1) - Math.max(left, px)), at = 4 * (py * wide + px);
                sums[at] += area * red;
                sums[at + 1] += area * green;
                sums[at + 2] += area * blue;
                sums[at + 3] += area;
            }
        }
    }

    function show() {
        const picture = pen.createImageData(wide, tall);
        for (let at = 0; at < sums.length; at += 4)
            for (let part = 0; part < 4; part++)
                picture.data[at + part] = part < 3 ? sums[at + part] / (sums[at + 3] || 1) : 255 * sums[at + 3];
        pen.putImageData(picture, gutter, 0);
    }

    return { fill, show };
}
