/* A library with a little initial-exec thread storage, as numeric libraries have; it takes its
 * part of the loader's small reserve when it is opened. */
__attribute__((tls_model("initial-exec"))) static __thread char storage[24];

char *small_tls_address(void);

char *small_tls_address(void)
{
    return &storage[7];
}
