/*
 * replay.c - runs one fuzz target over the stored inputs of a folder, one TAP point each.
 *
 * usage: replay-NAME FOLDER. Each input sits in a heap block of exactly its size, so that the address sanitizer sees
 * one octet too far, and is run in a process of its own.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECONDS_MAX 60 /* for one input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int run_input(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        return 2;
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(size ? size : 1);
    if (!data || fread(data, 1, size, file) != size)
        return 2;
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

/* Its wait status; never 0 when it crashed, hung or leaked. */
static int run_apart(const char *folder, const char *name)
{
    int status = 1;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(SECONDS_MAX);
        exit(run_input(folder, name));
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid ? status : 1;
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    int num = argc == 2 ? scandir(argv[1], &entries, is_file, alphasort) : -1;
    if (num <= 0) {
        fprintf(stderr, "replay: no inputs in '%s'\n", argc == 2 ? argv[1] : "");
        return 2;
    }
    int failed = 0;
    printf("1..%d\n", num);
    for (int i = 0; i < num; i++) {
        int status = run_apart(argv[1], entries[i]->d_name);
        printf("%sok %d - %s\n", status ? "not " : "", i + 1, entries[i]->d_name);
        failed |= status != 0;
        free(entries[i]);
    }
    free(entries);
    return failed;
}
