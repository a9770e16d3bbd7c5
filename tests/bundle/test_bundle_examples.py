"""The service, the proxy and the operator's pages say what the installer and the bank do."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from creditbank.config.settings import SETTINGS
from creditbank.gateways import vault
from creditbank.gateways.bank import SYSTEM_HOME
from tests.bundle.making import ROOT, main

DEPLOY = ROOT / "deploy"
PAGES = {
    name: (ROOT / "docs" / "how-to" / name).read_text(encoding="utf-8") for name in ("operate.md", "operate.zh.md")
}
SERVICE = (DEPLOY / "creditbank.service").read_text(encoding="utf-8")


def options() -> set[str]:
    """The installer's options, but for the one install.sh gives itself."""
    said = [word for action in main._parser()._actions for word in action.option_strings if word.startswith("--")]
    return set(said) - {"--help", "--bundle"}


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_name_every_option_of_the_installer(name):
    assert {
        option for option in options() if f"`{option}`" not in PAGES[name] and f"{option} " not in PAGES[name]
    } == set()


@pytest.mark.parametrize("name", PAGES)
def test_the_pages_name_no_setting_that_there_is_not(name):
    known = {setting.name for setting in SETTINGS}
    assert set(re.findall(r"CREDITBANK_[A-Z]+", PAGES[name])) - known == set()
    assert set(re.findall(r"^(\w+)=", (DEPLOY / "creditbank.env").read_text(), re.MULTILINE)) - known == set()


def test_the_service_runs_what_the_installer_lays_down_on_the_bank_of_the_system():
    assert "ExecStart=/opt/creditbank/creditbank serve" in SERVICE
    assert f"Environment=CREDITBANK_HOME={SYSTEM_HOME}" in SERVICE
    assert f"ReadWritePaths={SYSTEM_HOME}" in SERVICE
    assert "ConditionPathExists=!/opt/creditbank/upgrade.json" in SERVICE
    assert "User=creditbank" in SERVICE


def test_the_service_is_one_that_systemd_reads(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / "creditbank.service"
    unit.write_text(SERVICE.replace("/opt/creditbank/creditbank", "/bin/true"), encoding="utf-8")
    answer = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert (answer.returncode, [line for line in answer.stderr.splitlines() if unit.name in line]) == (0, [])


def test_the_proxy_takes_what_the_bank_takes_and_writes_the_headers_itself():
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert int(re.search(r"client_max_body_size (\d+)m;", text)[1]) * 1024 * 1024 > vault.MOST_BYTES
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in text
    port = re.search(r"--port (\d+)", SERVICE)[1]
    assert f"server 127.0.0.1:{port};" in text


def test_the_proxy_is_one_that_nginx_reads(tmp_path):
    nginx, openssl = shutil.which("nginx") or shutil.which("/usr/sbin/nginx"), shutil.which("openssl")
    if nginx is None or openssl is None:
        pytest.skip("nginx or openssl is not installed")
    name = "bank.example.edu.cn"
    made = ["-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={name}"]
    files = ["-keyout", str(tmp_path / f"{name}.key"), "-out", str(tmp_path / f"{name}.pem")]
    subprocess.run([openssl, "req", "-x509", *made, *files], capture_output=True, check=True)
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8").replace("/etc/nginx/tls", str(tmp_path))
    temporary = "".join(
        f"{part}_temp_path {tmp_path}/{part};\n" for part in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"pid {tmp_path}/pid;\nerror_log {tmp_path}/error.log;\nevents {{}}\nhttp {{\naccess_log off;\n{temporary}{site}}}\n"
    Path(tmp_path / "nginx.conf").write_text(whole, encoding="utf-8")
    answer = subprocess.run([nginx, "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
