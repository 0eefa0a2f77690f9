/* A plugin that is opened with RTLD_DEEPBIND: its own calls of malloc and free are libc's, while
 * libc's inner calls reach the allocator that is preloaded. */
#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int plugin_asprintf(void);
int plugin_strdup(void);
int plugin_getline(void);
int plugin_getcwd(void);
int plugin_memstream(void);
int plugin_scandir(void);
int plugin_realloc(void);
int plugin_usable_size(void);
void *plugin_malloc(size_t bytes);
void plugin_free(void *block);

int plugin_asprintf(void)
{
    char *text = NULL;
    int length = asprintf(&text, "%0300d", 7);
    free(text);
    return length == 300;
}

int plugin_strdup(void)
{
    char *text = strdup("some text of a plugin");
    int good = text != NULL && strcmp(text, "some text of a plugin") == 0;
    free(text);
    return good;
}

int plugin_getline(void)
{
    char *line = NULL;
    size_t room = 0;
    FILE *status = fopen("/proc/self/status", "r");
    int good = status != NULL && getline(&line, &room, status) > 5;
    free(line);
    if (status != NULL)
        fclose(status);
    return good;
}

int plugin_getcwd(void)
{
    char *directory = getcwd(NULL, 0);
    char *root = realpath("/usr/..", NULL);
    int good = directory != NULL && root != NULL && strcmp(root, "/") == 0;
    free(root);
    free(directory);
    return good;
}

int plugin_memstream(void)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *stream = open_memstream(&text, &bytes);
    for (int i = 0; stream != NULL && i < 1000; i++)
        fprintf(stream, "line %d\n", i);
    int good = stream != NULL && fclose(stream) == 0 && bytes == 8890;
    free(text);
    return good;
}

int plugin_scandir(void)
{
    struct dirent **entries = NULL;
    int count = scandir("/proc/self/task", &entries, NULL, alphasort);
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    return count >= 3;
}

int plugin_realloc(void)
{
    char *text = strdup("grows");
    text = realloc(text, 100000);
    int good = text != NULL && strcmp(text, "grows") == 0;
    free(text);
    return good;
}

int plugin_usable_size(void)
{
    char *text = strndup("eleven more", 11);
    size_t bytes = malloc_usable_size(text);
    free(text);
    return bytes >= 12 && bytes < 4096;
}

void *plugin_malloc(size_t bytes)
{
    return malloc(bytes);
}

void plugin_free(void *block)
{
    free(block);
}
