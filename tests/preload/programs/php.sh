# Program: php
# About: arrays, strings, with the engine's own memory manager and with malloc; extensions
# Packages: php-cli
# Tags: slow
# Timeout: 120

workload() {
    php -d memory_limit=1G "$DATA/work.php"
    # Every block of the engine through malloc.
    USE_ZEND_ALLOC=0 php -d memory_limit=1G "$DATA/work.php"
    php -m | sort
    ! php -d display_errors=stderr -r 'echo 1 +; echo 2;'
}
