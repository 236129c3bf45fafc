// read.js - an image through what Kaitai Struct makes of our description: one line of JSON for each file.
//
// usage: node read.js MODULES xen_domain_image.ksy FILE...       MODULES: the folder where the npm packages are
'use strict';
const fs = require('fs');
const path = require('path');
const [modules, description, ...files] = process.argv.slice(2);
const load = (name) => require(path.join(modules, 'node_modules', name));
const { KaitaiStream } = load('kaitai-struct');
const ksy = load('yaml').parse(fs.readFileSync(description, 'utf8'));

const camel = (id) => id.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());
const typeOfClass = new Map(Object.keys(ksy.types).map((name) => {
    const inner = camel(name);
    return [inner[0].toUpperCase() + inner.slice(1), name];
}));

// The runtime's own reader of 8 octets gives a double, which cannot hold all of them.
for (const [name, getter] of [['readU8le', 'getBigUint64'], ['readS8le', 'getBigInt64']]) {
    KaitaiStream.prototype[name] = function () {
        this.ensureBytesLeft(8);
        const value = this._dataView[getter](this.pos, true);
        this.pos += 8;
        return value;
    };
}

// A structure as it would be told: its fields by name; octets in hexadecimal; absent ones left out.
function plain(value) {
    if (typeof value === 'bigint')
        return String(value);
    if (value instanceof Uint8Array)
        return Buffer.from(value).toString('hex');
    if (Array.isArray(value))
        return value.map(plain);
    if (typeof value !== 'object')
        return value;
    if (value.constructor.name.match(/^U[1248]In/))
        return plain(value.value);
    const fields = {};
    for (const id of Object.keys(ksy.types[typeOfClass.get(value.constructor.name)].instances)) {
        const field = value[camel(id)];
        if (field !== undefined)
            fields[id] = plain(field);
    }
    return fields;
}

const one = (value) => ({ layout: typeOfClass.get(value.constructor.name), fields: plain(value) });
const many = (values) => ({ layout: typeOfClass.get(values[0].constructor.name), fields: values.map(plain) });
const isStructure = (value) => typeof value === 'object' && !(value instanceof Uint8Array);

// The structures in a record's body; wide: of a 64-bit PV guest.
function structures(body, wide) {
    if (!isStructure(body) || body.contents !== undefined)
        return [];
    if (body.leaves)
        return [many(body.leaves)];
    if (body.header)
        return [one(body.header)].concat(isStructure(body.context) ? [one(body.context)] : []);
    if (body.as64bit)
        return [one(wide ? body.as64bit : body.as32bit)];
    if (typeOfClass.get(body.constructor.name) === 'msr_policy')
        return [many(body.entries)];
    if (body.entries)
        return body.entries.filter((entry) => isStructure(entry.data)).map((entry) => one(entry.data));
    return [one(body)];
}

function told(Image, file) {
    const image = new Image(new KaitaiStream(new Uint8Array(fs.readFileSync(file)).buffer));
    const names = Image.RecordType;
    const info = image.records.find((record) => record.type === names.X86_PV_INFO);
    const wide = info !== undefined && info.body.guestWidth === 8;
    const result = {
        file, version: image.imageHeader.version, guest: image.domainHeader.type,
        xen_major: image.domainHeader.xenMajor, xen_minor: image.domainHeader.xenMinor,
        entries: 0, contents: 0, last_pfn: 0, types: {}, params: {}, records: {}, structures: [],
    };
    image.records.forEach((record, index) => {
        const name = names[record.type];
        const count = result.records[name] = result.records[name] || { num: 0, octets: 0 };
        count.num += 1;
        count.octets += 8 + record.lenBody + record.padding.length;
        if (record.type === names.PAGE_DATA) {
            result.entries += record.body.count;
            result.contents += record.body.contents.length;
            for (const entry of record.body.entries) {
                result.last_pfn = Math.max(result.last_pfn, entry.pfn);
                result.types[entry.type] = (result.types[entry.type] || 0) + 1;
            }
        }
        if (record.type === names.HVM_PARAMS)
            for (const param of record.body.param)
                result.params[Image.HvmParamIndex[param.index]] = String(param.value);
        for (const structure of structures(record.body, wide))
            result.structures.push({ record: index + 1, ...structure });
    });
    return result;
}

// What each field of each structure is: u8, str, the name of another structure; nothing where it is octets.
function kinds() {
    return Object.fromEntries(Object.entries(ksy.types).map(([name, type]) => [name, Object.fromEntries(
        Object.entries(type.instances || {}).map(([id, field]) => [id, (field.type || '').replace(/_in_\d+$/, '')]))]));
}

load('kaitai-struct-compiler').compile('javascript', ksy, null, false).then((made) => {
    const scratch = path.join(modules, 'XenDomainImage.js');
    fs.writeFileSync(scratch, made['XenDomainImage.js']);
    module.paths.unshift(path.join(modules, 'node_modules'));
    const { XenDomainImage } = require(scratch);
    console.log(JSON.stringify(kinds()));
    for (const file of files)
        console.log(JSON.stringify(told(XenDomainImage, file)));
}).catch((error) => {
    console.error(String(error.stack || error).slice(0, 4000));
    process.exit(1);
});
