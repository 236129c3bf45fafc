/*
 * program.cc - a C++ program that links libgodwit: PROGRAM FILE prints what its callbacks were told, and the verdict.
 *
 * Compiled with every warning on: the headers have to be as good C++ as they are C.
 */
#include <godwit/godwit.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <string>

namespace {

struct Closer {
    void operator()(godwit_image *image) const { godwit_image_close(image); }
    void operator()(godwit_sink *sink) const { godwit_sink_close(sink); }
    void operator()(godwit_error *err) const { godwit_error_free(err); }
};
template <typename T> using Owned = std::unique_ptr<T, Closer>;

class Counter
{
public:
    Owned<godwit_sink> sink(godwit_error *err)
    {
        godwit_sink_callbacks callbacks = {};
        callbacks.size = sizeof callbacks;
        callbacks.pages = [](void *, const godwit_pages *, godwit_error *) { return GODWIT_WANT_CONTENTS; };
        callbacks.page = [](void *self, const godwit_page *page, godwit_error *) {
            static_cast<Counter *>(self)->pages[page->type]++;
            return 0;
        };
        callbacks.record = [](void *self, const godwit_record *record, godwit_error *) {
            static_cast<Counter *>(self)->records[record->type]++;
            return 0;
        };
        return Owned<godwit_sink>(godwit_sink_new(&callbacks, this, err));
    }
    std::map<unsigned, unsigned> pages;
    std::map<std::uint32_t, unsigned> records;
};

/* Octets come from a C++ stream. */
godwit_input input_of(std::ifstream &file)
{
    godwit_input input = {};
    input.size = sizeof input;
    input.arg = &file;
    input.read = [](void *arg, void *mem, std::size_t len, godwit_error *) {
        std::ifstream &from = *static_cast<std::ifstream *>(arg);
        from.read(static_cast<char *>(mem), static_cast<std::streamsize>(len));
        return static_cast<std::int64_t>(from.gcount());
    };
    return input;
}

int fail(const godwit_error *err)
{
    std::fprintf(stderr, "%s\n", godwit_error_text(err));
    return godwit_error_exit(err);
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    Owned<godwit_error> err(godwit_error_new());
    std::ifstream file(argv[1], std::ios::binary);
    godwit_input input = input_of(file);
    Counter counter;
    Owned<godwit_image> image(godwit_image_open_input(&input, nullptr, err.get()));
    Owned<godwit_sink> own(counter.sink(err.get()));
    Owned<godwit_sink> verifier(godwit_verifier_new(nullptr, err.get()));
    if (!image || !own || !verifier)
        return fail(err.get());
    godwit_sink *const sinks[] = { own.get(), verifier.get() };
    if (godwit_image_run(image.get(), sinks, 2, err.get()) < 0)
        return fail(err.get());
    for (const auto &row : counter.pages)
        std::printf("%u of %s\n", row.second, godwit_page_type_name(row.first));
    for (const auto &row : counter.records)
        std::printf("%u of type %u\n", row.second, static_cast<unsigned>(row.first));
    std::printf("valid %d\n", godwit_verifier_finish(verifier.get(), err.get())->valid);
    return 0;
}
