/*
 * main.c - gendoc: writes one of the texts that are made from the program's tables to standard output.
 */
#include <string.h>

#include "gendoc.h"

static int make(const char *what)
{
    if (strcmp(what, "man") == 0)
        return gendoc_man(stdin, stdout);
    fprintf(stderr, "gendoc: nothing here makes '%s'\n", what);
    return -1;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: gendoc man <TEMPLATE\n", stderr);
        return 2;
    }
    return make(argv[1]) < 0 || fflush(stdout) != 0 || ferror(stdout) ? 3 : 0;
}
