# Program: git
# About: a repository of 300 commits: log, status, blame, gc, fsck, clone, merge
# Packages: git, perl
# Tags: fast
# Timeout: 120

export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=author GIT_AUTHOR_EMAIL=a@example.org
export GIT_COMMITTER_NAME=committer GIT_COMMITTER_EMAIL=c@example.org
export GIT_AUTHOR_DATE='1000000000 +0000' GIT_COMMITTER_DATE='1000000000 +0000'

prepare() {
    perl "$DATA/history.pl" 300 >history
}

workload() {
    git init -q --bare repository.git -b main
    git -C repository.git fast-import --quiet <"$INPUT/history"
    git clone -q --no-hardlinks repository.git copy
    cd copy
    git config gc.auto 0
    git log --stat --format='%H %an %s' | tail -n 400
    git log --oneline --graph -- src/file3.txt | head -n 50
    git shortlog -s -n HEAD
    for file in src/file1.txt src/file2.txt; do
        git blame -M -C "$file"
    done
    for i in 1 2 3 4 5 6 7 8 9 10; do
        echo "change $i" >>"src/file$i.txt"
        git status --short
        git diff --stat --minimal
    done
    git commit -q -a -m 'Change ten files'
    git checkout -q -b side HEAD~20
    echo 'on the side' >side.txt
    git add side.txt
    git commit -q -m 'Work on the side'
    git merge -q --no-edit main
    git rebase -q HEAD~3
    git -c pack.threads=2 gc --quiet --aggressive --prune=now
    git fsck --full --strict
    git grep -n -E 'line 1[0-9]+ of' -- src | sort | head -n 200
    git archive --format=tar HEAD | sha256sum
    git rev-parse HEAD HEAD^{tree}
    git count-objects -v | grep -v '^size'
    git bundle create -q "$OUT/bundle" --all
    git verify-pack -v .git/objects/pack/*.idx | sort | sha256sum
}
