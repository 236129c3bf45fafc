/*
 * main.c - gendoc: fills the tables of a template on standard input from those of the program.
 */
#include "gendoc.h"

int main(void)
{
    return gendoc_fill(stdin, stdout) < 0 || fflush(stdout) != 0 || ferror(stdout) ? 3 : 0;
}
