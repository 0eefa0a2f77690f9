# Tables of strings that are built, split, joined and deleted again.
BEGIN {
    FS = "\t"
}

{
    count[$2]++
    sum[$2] += $1
    if (length(joined[$2]) < 2000)
        joined[$2] = joined[$2] "," $3
    parts += split($3, letters, "")
}

NR % 10000 == 0 {
    for (word in joined)
        if (length(word) % 3 == 0)
            delete joined[word]
}

END {
    for (word in count) {
        words++
        total += sum[word]
        kept += length(joined[word])
    }
    printf "%d words, %d total, %d kept, %d parts\n", words, total, kept, parts
    text = sprintf("%0500d", 7)
    for (i = 0; i < 12; i++)
        text = text text
    print length(text), gsub(/0+/, "x", text), text
}
