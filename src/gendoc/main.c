/*
 * main.c - gendoc: fills the tables of a template on standard input from those of the program.
 */
#include "gendoc.h"
#include "stored.h"

int main(void)
{
    gw_guest_add_kind(&gw_stored_kind);
    return gendoc_fill(stdin, stdout) < 0 || fflush(stdout) != 0 || ferror(stdout) ? 3 : 0;
}
