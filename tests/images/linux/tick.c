/* The only program in linux64.xl, without any library: what its arena holds is a function of the page and of the tick
 * that wrote it last. Each tick verifies all of it, rewrites a sixteenth, and prints a line that is a function of the
 * tick's number: lines without a gap, before a save and after the restore, show that no page was lost or came back old.
 */
enum { PAGES = 256, WORDS = 1024, SYS_WRITE = 1, SYS_NANOSLEEP = 35 };

static unsigned arena[PAGES][WORDS] __attribute__((aligned(4096)));

static long call(long number, long first, const void *second, long third)
{
    __asm__ volatile("syscall" : "+a"(number) : "D"(first), "S"(second), "d"(third) : "rcx", "r11", "memory");
    return number;
}

/* What the arena's page holds that was written at this tick: any function that tells pages and ticks apart. */
static unsigned stamp(unsigned page, unsigned tick)
{
    unsigned x = page * 0x9e3779b9u + tick + 1;

    x = (x ^ x >> 16) * 0x7feb352du;
    return x ^ x >> 15;
}

static void write_page(unsigned page, unsigned tick)
{
    for (unsigned i = 0; i < WORDS; i++)
        arena[page][i] = stamp(page, tick) + i / 128;
}

/* Page n is written at the ticks that leave n modulo 16. */
static int is_right(unsigned page, unsigned tick)
{
    unsigned rest = page % 16;

    if (tick <= rest)
        return arena[page][0] == 0;
    unsigned last = tick - 1 - (tick - 1 - rest) % 16;
    for (unsigned i = 0; i < WORDS; i++)
        if (arena[page][i] != stamp(page, last) + i / 128)
            return 0;
    return 1;
}

static void say(const char *text, unsigned number)
{
    char line[64];
    long length = 0;

    while (*text)
        line[length++] = *text++;
    for (int shift = 28; shift >= 0; shift -= 4)
        line[length++] = "0123456789abcdef"[number >> shift & 15];
    line[length++] = '\n';
    call(SYS_WRITE, 1, line, length);
}

void _start(void)
{
    static const long pause[2] = { 0, 200000000 };

    for (unsigned tick = 0;; tick++) {
        for (unsigned page = 0; page < PAGES; page++)
            if (!is_right(page, tick))
                say("BAD page ", page);
        for (unsigned page = tick % 16; page < PAGES; page += 16)
            write_page(page, tick);
        say("tick ", tick);
        call(SYS_NANOSLEEP, (long)pause, 0, 0);
    }
}
